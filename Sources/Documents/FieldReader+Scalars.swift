extension FieldReader {
    /// A string. A number or a boolean without quotes is refused: YAML's `version: 1.0` is a number.
    package mutating func string(_ key: String) -> String? {
        guard let node = value(key) else { return nil }
        return Self.string(node, name: place(key), into: diagnostics)
    }

    /// A string that must be there and not be empty.
    package mutating func requiredString(_ key: String) -> String? {
        guard let text = string(key) else {
            reportMissing(key)
            return nil
        }
        guard !text.isEmpty else {
            error("\(place(key)) must not be empty", at: key)
            return nil
        }
        return text
    }

    /// An integer within a range.
    package mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = value(key) else { return nil }
        guard let number = node.scalar?.integer, range.contains(number) else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            error("\(place(key)) must be an integer from \(bounds), found \(node.summary)", at: key)
            return nil
        }
        return number
    }

    /// `true` or `false`.
    package mutating func bool(_ key: String) -> Bool? {
        guard let node = value(key) else { return nil }
        guard let boolean = node.scalar?.boolean else {
            error("\(place(key)) must be true or false, found \(node.summary)", at: key)
            return nil
        }
        return boolean
    }

    /// One word of a closed set.
    package mutating func enumeration<Word>(
        _ key: String, as type: Word.Type = Word.self
    ) -> Word? where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        guard let node = value(key) else { return nil }
        return Self.word(node, name: place(key), as: type, into: diagnostics)
    }

    static func string(_ node: DocumentNode, name: String, into diagnostics: Diagnostics) -> String? {
        if let text = node.string { return text }
        let advice = node.scalar.map { "; put it in quotes: \"\(MessageText.shortened($0.text))\"" } ?? ""
        diagnostics.error("\(name) must be a string, found \(node.summary)\(advice)", at: node.location)
        return nil
    }

    static func word<Word>(
        _ node: DocumentNode, name: String, as type: Word.Type, into diagnostics: Diagnostics
    ) -> Word? where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        if let text = node.string, let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let hint = NearestWord.hint(node.scalar?.text ?? "", among: words)
        let choice = words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))"
        diagnostics.error("\(name) must be \(choice), found \(node.summary)\(hint)", at: node.location)
        return nil
    }
}
