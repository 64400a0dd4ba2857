import Documents

/// Reads one mapping of the configuration file under the overrides of the environment.
struct SectionReader {
    /// The mapping; an empty one when the file does not have it.
    var fields: FieldReader
    /// What stands around the file.
    let surroundings: Surroundings
    /// Whether variables override the keys of this mapping: not inside lists, where a key has no name of its own.
    let hasVariables: Bool

    /// Notes a fault of a value that came from a variable, which has no place in a file.
    ///
    /// - Parameter text: the value; nil when it must not be shown.
    func report(variable: String, _ text: String?, mustBe expectation: String, hint: String) {
        let found = text.map(MessageText.quoted) ?? "one that is not shown"
        fields.diagnostics.error("\(variable) must be \(expectation), found \(found)\(hint)", at: nil)
    }

    /// The variable that overrides a key and its text, when it is set.
    func override(_ key: String, named name: String?) -> (variable: String, text: String)? {
        guard hasVariables else { return nil }
        let variable = name ?? Surroundings.variable(for: fields.place(key))
        return surroundings.value(of: variable).map { (variable, $0) }
    }

    /// A reader for a mapping below this one; of an empty mapping when there is none.
    mutating func section(_ key: String) -> SectionReader {
        let node = fields.value(key) ?? DocumentNode(.null, at: fields.location)
        return nested(FieldReader(node, path: fields.place(key), into: fields.diagnostics), hasVariables: hasVariables)
    }

    /// A reader for a mapping below this one that only counts when it is there.
    mutating func optionalSection(_ key: String, hasVariables: Bool = false) -> SectionReader? {
        fields.child(key).map { nested($0, hasVariables: hasVariables) }
    }

    /// Readers for a list of mappings.
    mutating func sections(_ key: String) -> [SectionReader] {
        fields.children(key).map { nested($0, hasVariables: false) }
    }

    private func nested(_ fields: FieldReader, hasVariables: Bool) -> SectionReader {
        SectionReader(fields: fields, surroundings: surroundings, hasVariables: hasVariables)
    }
}
