import IntentProtocol

/// The value of a claim as far as policies can see it: texts, lists of texts, and what is inside objects.
indirect enum ClaimValue: Sendable, Hashable {
    struct Member: Sendable, Hashable {
        let name: [UInt8]
        var value: ClaimValue
    }

    case text([UInt8])
    /// The texts of a list; its other elements never match.
    case list([[UInt8]])
    case object([Member])
    /// A number, a boolean or null; never matches.
    case other

    init(_ value: JSONValue) {
        switch value {
        case .null, .bool, .number: self = .other
        case .string(let text): self = .text(Array(text.utf8))
        case .array(let elements): self = .list(elements.compactMap { $0.stringValue.map { Array($0.utf8) } })
        case .object(let object): self = .object(Self.members(object))
        }
    }

    static func members(_ object: JSONObject) -> [Member] {
        object.members.map { Member(name: Array($0.key.utf8), value: ClaimValue($0.value)) }
    }

    /// Whether the text, or any text of the list, is wanted.
    func contains(where isWanted: (Span<UInt8>) -> Bool) -> Bool {
        switch self {
        case .text(let text): isWanted(text.span)
        case .list(let texts): texts.contains { isWanted($0.span) }
        case .object, .other: false
        }
    }

    /// A text as the list of its words; what is blank or no text stays as it is.
    var splitAtSpaces: ClaimValue {
        guard case .text(let text) = self else { return self }
        let words = text.split(separator: UInt8(ascii: " ")).map(Array.init)
        return words.isEmpty ? self : .list(words)
    }
}
