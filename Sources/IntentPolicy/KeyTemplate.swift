/// The template of a bucket's key: text with `{tenant}`, `{intent}`, `{agent}`, `{subject}`, `{source}`,
/// `{address}`, `{network}`.
package struct KeyTemplate: Sendable, Hashable {
    package enum Placeholder: String, Sendable, CaseIterable {
        case tenant
        case intent
        case agent
        case subject
        case source
        case address
        case network

        /// What the Python engine knows.
        static let exact: [Placeholder] = [.tenant, .intent, .agent, .subject]
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

    /// - Parameter isExact: whether only what the Python engine knows is known.
    package init(_ text: String, isExact: Bool = false) throws(Fault) {
        self.text = text
        let allowed = isExact ? Placeholder.exact : Placeholder.allCases
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
                guard let placeholder = Placeholder(rawValue: name), allowed.contains(placeholder) else {
                    let known = allowed.map { "{\($0.rawValue)}" }
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
            case .value(.address): request.address.map { AddressPrefix.subscriber.text(of: $0) } ?? ""
            case .value(.network): request.address.map { AddressPrefix.network.text(of: $0) } ?? ""
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
                case .value(.address), .value(.network): nil
                }
            if let value, value.utf8.count > Self.valueBytesMax { return true }
        }
        return false
    }
}
