import Documents

extension ConfigurationKey where Section: ConfigurationSection {
    /// A key with a list of values; its variable, where there is one, separates them by commas.
    ///
    /// - Parameters:
    ///   - countMax: how many there may be.
    ///   - isRequired: whether there must be one at least.
    static func list<Value: Sendable & Hashable>(
        _ name: String, _ place: Place<[Value]>, of kind: ValueKind<Value>, countMax: Int = 1_000,
        isRequired: Bool = false, _ meaning: String
    ) -> Self {
        mappedList(name, place, of: kind, countMax: countMax, isRequired: isRequired, meaning) { value, _ in value }
    }

    /// A key with a list of paths, of which there must be one at least; relative ones start at the folder of the file.
    static func requiredPaths(_ name: String, _ place: Place<[String]>, _ meaning: String) -> Self {
        let kind = ValueKind.text(bytesMax: 4096, what: "path")
        return mappedList(name, place, of: kind, countMax: 1_000, isRequired: true, meaning) { path, surroundings in
            surroundings.resolved(path: path)
        }
    }

    /// A key with a list of paths; relative ones start at the folder of the file.
    static func paths(_ name: String, _ place: Place<[String]>, _ meaning: String) -> Self {
        let kind = ValueKind.text(bytesMax: 4096, what: "path")
        return mappedList(name, place, of: kind, countMax: 256, isRequired: false, meaning) { path, surroundings in
            surroundings.resolved(path: path)
        }
    }

    private static func mappedList<Value: Sendable & Hashable>(
        _ name: String, _ place: Place<[Value]>, of kind: ValueKind<Value>, countMax: Int, isRequired: Bool,
        _ meaning: String, _ transform: @escaping @Sendable (Value, Surroundings) -> Value
    ) -> Self {
        let shown: @Sendable () -> String? = {
            isRequired ? nil : "[" + Section()[keyPath: place].map(kind.show).joined(separator: ", ") + "]"
        }
        let row = Row(
            name: name, type: "list: \(kind.type)", isRequired: isRequired, defaultText: shown, meaning: meaning)
        return Self(name: name, references: row.references) { reader, section in
            let rules = ListRules(name: name, countMax: countMax, isRequired: isRequired)
            if let values = rules.read(kind, &reader) {
                let surroundings = reader.surroundings
                section[keyPath: place] = values.map { transform($0, surroundings) }
            }
        }
    }
}

/// How a list of values is read.
private struct ListRules {
    let name: String
    let countMax: Int
    let isRequired: Bool

    func read<Value: Sendable & Hashable>(_ kind: ValueKind<Value>, _ reader: inout SectionReader) -> [Value]? {
        let inFile = fromFile(kind, &reader)
        guard let override = reader.override(name, named: nil) else {
            if isRequired { reader.fields.reportMissing(name) }
            return inFile
        }
        let texts = override.text.split(separator: ",").map(Self.trimmed)
        let values = texts.compactMap(kind.parseVariable)
        guard values.count == texts.count, (1...countMax).contains(values.count) else {
            let expectation = "1 to \(countMax) entries separated by commas, each \(kind.expectation)"
            reader.report(variable: override.variable, override.text, mustBe: expectation, hint: "")
            return nil
        }
        return values
    }

    private func fromFile<Value: Sendable & Hashable>(
        _ kind: ValueKind<Value>, _ reader: inout SectionReader
    ) -> [Value]? {
        guard let entries = reader.fields.entries(name) else { return nil }
        let fields = reader.fields
        guard ((isRequired ? 1 : 0)...countMax).contains(entries.count) else {
            let bounds = entries.isEmpty ? "must not be empty" : "must not have more than \(countMax) entries"
            fields.error("\(fields.place(name)) \(bounds)", at: name)
            return nil
        }
        var seen: Set<Value> = []
        for (entryName, node) in entries {
            guard let value = kind.read(node, name: entryName, into: fields.diagnostics) else { continue }
            guard seen.insert(value).inserted else {
                let text = MessageText.quoted(kind.show(value))
                fields.diagnostics.error("\(fields.place(name)) has \(text) twice", at: node.location)
                continue
            }
        }
        return entries.compactMap { entry in entry.node.scalar.flatMap(kind.parse) }
    }

    private static func trimmed(_ text: Substring) -> String {
        let head = text.drop(while: \.isWhitespace)
        let tail = head.reversed().drop(while: \.isWhitespace)
        return String(tail.reversed())
    }
}
