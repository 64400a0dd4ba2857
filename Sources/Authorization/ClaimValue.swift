import IntentProtocol

/// The value of a claim as far as policies can see it: texts, lists of texts, and what is inside objects.
final class ClaimValue: Sendable {
    enum Kind: Hashable {
        case text
        case list
        case object
        /// A number, a boolean or null; never matches.
        case other
    }

    struct Member: Sendable {
        let name: [UInt8]
        let value: ClaimValue
    }

    let kind: Kind
    /// The text itself, or the texts of a list; a list's other elements never match.
    let texts: [[UInt8]]
    /// What is in an object.
    let members: [Member]

    init(_ kind: Kind, texts: [[UInt8]] = [], members: [Member] = []) {
        self.kind = kind
        self.texts = texts
        self.members = members
    }

    convenience init(_ value: JSONValue) {
        switch value {
        case .null, .bool, .number: self.init(.other)
        case .string(let text): self.init(.text, texts: [Array(text.utf8)])
        case .array(let elements):
            self.init(.list, texts: elements.compactMap { $0.stringValue.map { Array($0.utf8) } })
        case .object(let object): self.init(.object, members: Self.members(object))
        }
    }

    static func members(_ object: JSONObject) -> [Member] {
        object.members.map { Member(name: Array($0.key.utf8), value: ClaimValue($0.value)) }
    }

    /// A text as the list of its words; what is blank or no text stays as it is.
    var splitAtSpaces: ClaimValue {
        guard kind == .text, let text = texts.first else { return self }
        let words = text.split(separator: UInt8(ascii: " ")).map(Array.init)
        return words.isEmpty ? self : ClaimValue(.list, texts: words)
    }
}
