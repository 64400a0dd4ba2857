import Documents
import IntentProtocol

extension ConfigurationKey where Section: ConfigurationSection {
    /// A mapping whose keys have defaults, so that it may be absent.
    static func section<Child: ConfigurationSection>(
        _ name: String, _ place: Place<Child>, _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: "mapping", meaning: meaning, hasVariable: false)
        return Self(
            name: name, references: { row.references($0, $1) + below($0, name, Child.self, $1) },
            show: { $0[keyPath: place].shown }
        ) { reader, section in
            var child = reader.section(name)
            section[keyPath: place] = Child(reading: &child)
        }
    }

    /// A mapping that must be there.
    static func requiredSection<Child: ConfigurationSection>(
        _ name: String, _ place: Place<Child>, _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: "mapping", isRequired: true, meaning: meaning, hasVariable: false)
        return Self(
            name: name, references: { row.references($0, $1) + below($0, name, Child.self, false) },
            show: { $0[keyPath: place].shown }
        ) { reader, section in
            guard var child = reader.optionalSection(name) else { return reader.fields.reportMissing(name) }
            section[keyPath: place] = Child(reading: &child)
        }
    }

    /// A mapping that turns something on by being there.
    static func optionalSection<Child: ConfigurationSection>(
        _ name: String, _ place: Place<Child?>, _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: "mapping", meaning: meaning, hasVariable: false)
        return Self(
            name: name, references: { row.references($0, $1) + below($0, name, Child.self, false) },
            show: { $0[keyPath: place]?.shown }
        ) { reader, section in
            guard var child = reader.optionalSection(name) else { return }
            section[keyPath: place] = Child(reading: &child)
        }
    }

    /// A list of mappings.
    ///
    /// - Parameters:
    ///   - isRequired: whether there must be one at least.
    ///   - countMax: how many there may be.
    ///   - identity: what tells one entry from the others, in a message and as a value; two with the same are an error.
    static func sections<Child: ConfigurationSection>(
        _ name: String, _ place: Place<[Child]>, isRequired: Bool = false, countMax: Int = 10_000,
        identity: (@Sendable (Child) -> (key: String, value: String))? = nil, _ meaning: String
    ) -> Self {
        let row = Row(
            name: name, type: "list: mapping", isRequired: isRequired, defaultText: { isRequired ? nil : "[]" },
            meaning: meaning, hasVariable: false)
        return Self(
            name: name, references: { row.references($0, $1) + below($0, name + "[]", Child.self, false) },
            show: { .array($0[keyPath: place].map(\.shown)) }
        ) { reader, section in
            var readers = reader.sections(name)
            checkCount(readers.count, name, isRequired: isRequired, countMax: countMax, reader)
            let children = readers.indices.map { Child(reading: &readers[$0]) }
            if let identity { reportDuplicates(children, readers, identity) }
            section[keyPath: place] = children
        }
    }

    private static func checkCount(
        _ count: Int, _ name: String, isRequired: Bool, countMax: Int, _ reader: SectionReader
    ) {
        if count > countMax {
            reader.fields.error("\(reader.fields.place(name)) must not have more than \(countMax) entries", at: name)
        }
        guard isRequired, count == 0 else { return }
        reader.fields.reportMissing(name)
        if reader.fields.peek(name)?.sequence != nil {
            reader.fields.error("\(reader.fields.place(name)) must not be empty", at: name)
        }
    }

    private static func reportDuplicates<Child: ConfigurationSection>(
        _ children: [Child], _ readers: [SectionReader], _ identity: @Sendable (Child) -> (key: String, value: String)
    ) {
        var firstLines: [String: Int] = [:]
        for (child, reader) in zip(children, readers) {
            let (key, value) = identity(child)
            guard !value.isEmpty else { continue }
            let line = reader.fields.location(of: key).line
            guard let first = firstLines[value] else {
                firstLines[value] = line
                continue
            }
            let name = "\(reader.fields.place(key)) \(MessageText.quoted(value))"
            reader.fields.error("\(name) is already used on line \(first)", at: key)
        }
    }

    private static func below<Child: ConfigurationSection>(
        _ path: String, _ name: String, _ child: Child.Type, _ hasVariables: Bool
    ) -> [KeyReference] {
        child.keys.flatMap { $0.references(Self.path(path, name), hasVariables) }
    }
}
