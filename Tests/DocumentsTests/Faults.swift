import Documents

/// What a parser says about a text: one line for each diagnostic; empty when it is accepted.
func faults(yaml text: String, limits: DocumentLimits = DocumentLimits()) -> [String] {
    do {
        _ = try DocumentParser.yaml(text, file: "f.yaml", limits: limits)
        return []
    } catch {
        return error.diagnostics.map(\.description)
    }
}

/// What a parser says about a text: one line for each diagnostic; empty when it is accepted.
func faults(json text: String, limits: DocumentLimits = DocumentLimits()) -> [String] {
    do {
        _ = try DocumentParser.json(text, file: "f.json", limits: limits)
        return []
    } catch {
        return error.diagnostics.map(\.description)
    }
}

extension DocumentNode {
    /// The tree on one line: strings in double quotes, other scalars as kind and text.
    var sketch: String {
        switch kind {
        case .null: "null"
        case .scalar(let scalar):
            scalar.kind == .string ? "\"\(scalar.text)\"" : "\(scalar.kind.rawValue) \(scalar.text)"
        case .sequence(let entries): "[" + entries.map(\.sketch).joined(separator: ", ") + "]"
        case .mapping(let members): "{" + members.map { "\($0.key): \($0.value.sketch)" }.joined(separator: ", ") + "}"
        }
    }
}
