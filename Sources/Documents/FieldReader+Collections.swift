extension FieldReader {
    /// A list of strings, each with its place. A single string is not taken for a list.
    package mutating func locatedStrings(_ key: String) -> [(text: String, location: SourceLocation)]? {
        entries(key)?.compactMap { name, node in
            Self.string(node, name: name, into: diagnostics).map { ($0, node.location) }
        }
    }

    /// A list of strings. A single string is not taken for a list.
    package mutating func strings(_ key: String) -> [String]? {
        locatedStrings(key)?.map(\.text)
    }

    /// A list of words of a closed set.
    package mutating func enumerations<Word>(
        _ key: String, as type: Word.Type = Word.self
    ) -> [Word]? where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        entries(key)?.compactMap { name, node in Self.word(node, name: name, as: type, into: diagnostics) }
    }

    /// A mapping below this one.
    package mutating func child(_ key: String) -> FieldReader? {
        guard let node = value(key) else { return nil }
        return FieldReader(node, path: place(key), into: diagnostics)
    }

    /// A list of mappings; empty when the key is absent.
    package mutating func children(_ key: String) -> [FieldReader] {
        (entries(key) ?? []).map { name, node in FieldReader(node, path: name, into: diagnostics) }
    }

    /// The entries of a list, each with its full name (`agents[0].intents[2]`).
    package mutating func entries(_ key: String) -> [(name: String, node: DocumentNode)]? {
        guard let node = value(key) else { return nil }
        guard let entries = node.sequence else {
            error("\(place(key)) must be a list, found \(node.summary)", at: key)
            return nil
        }
        return entries.enumerated().map { ("\(place(key))[\($0.offset)]", $0.element) }
    }
}
