/// The template of a bucket's key: text with `{tenant}`, `{intent}`, `{agent}`, `{subject}`, `{source}`.
package struct KeyTemplate: Sendable, Hashable {
    package enum Placeholder: String, Sendable, CaseIterable {
        case tenant
        case intent
        case agent
        case subject
        case source
    }

    package enum Part: Sendable, Hashable {
        case text(String)
        case value(Placeholder)
    }

    /// A template that cannot be read.
    package struct Fault: Error, Sendable, Hashable {
        package let message: String
    }

    package let text: String
    let parts: [Part]

    /// - Parameter allowsSource: the Python engine does not know `{source}`.
    package init(_ text: String, allowsSource: Bool = true) throws(Fault) {
        self.text = text
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let first = rest.first {
            rest = rest.dropFirst()
            switch first {
            case "{" where rest.first == "{", "}" where rest.first == "}":
                literal.append(first)
                rest = rest.dropFirst()
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw Fault(message: "a '{' is not closed") }
                let name = String(rest[..<end])
                guard let placeholder = Placeholder(rawValue: name), allowsSource || placeholder != .source else {
                    let known = Placeholder.allCases.filter { allowsSource || $0 != .source }.map { "{\($0.rawValue)}" }
                    throw Fault(message: "unknown placeholder '{\(name)}'; known: \(known.joined(separator: " "))")
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.value(placeholder))
                rest = rest[rest.index(after: end)...]
            case "}": throw Fault(message: "a '}' closes nothing; write '}}' for the character")
            default: literal.append(first)
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The longest value of a key; a longer one is a fault, for cutting it would put two callers into one bucket.
    package static let valueBytesMax = 256

    /// What the template names, in order.
    var placeholders: [Placeholder] {
        parts.compactMap { part in
            if case .value(let placeholder) = part { placeholder } else { nil }
        }
    }

    /// Whether every caller shares one bucket.
    var isConstant: Bool {
        !parts.contains { part in
            if case .value = part { true } else { false }
        }
    }
}

extension KeyTemplate {
    /// The key as text.
    package func render(_ request: borrowing PolicyRequest, agent: String?) -> String {
        fields(request, agent: agent).joined()
    }

    /// The key as fields: the texts between placeholders and the values, each for itself.
    package func fields(_ request: borrowing PolicyRequest, agent: String?) -> [String] {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .value(.tenant): request.tenant ?? ""
            case .value(.intent): request.intent
            case .value(.agent): agent ?? ""
            case .value(.subject): request.subject ?? ""
            case .value(.source): request.source ?? ""
            }
        }
    }

    /// Whether a value is too long for a key.
    func exceedsLimit(_ request: borrowing PolicyRequest, agent: String?) -> Bool {
        for part in parts {
            let value: String? =
                switch part {
                case .text: nil
                case .value(.tenant): request.tenant
                case .value(.intent): request.intent
                case .value(.agent): agent
                case .value(.subject): request.subject
                case .value(.source): request.source
                }
            if let value, value.utf8.count > Self.valueBytesMax { return true }
        }
        return false
    }
}
