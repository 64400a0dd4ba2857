import Documents
import IntentProtocol

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
        mappedList(name, place, of: kind, countMax: countMax, isRequired: isRequired, meaning) { entry, _ in
            entry.value
        }
    }

    /// A key with a list of paths; relative ones start at the folder of the file.
    ///
    /// - Parameter isRequired: whether there must be one at least.
    static func paths(
        _ name: String, _ place: Place<[String]>, of file: NamedFile.Kind, isRequired: Bool = false, _ meaning: String
    ) -> Self {
        let kind = ValueKind.text(bytesMax: 4096, what: "path")
        return mappedList(name, place, of: kind, countMax: 1_000, isRequired: isRequired, meaning) {
            entry, surroundings in
            let path = surroundings.resolved(path: entry.value)
            surroundings.files.add(
                NamedFile(kind: file, key: entry.key, path: path, location: entry.location, variable: entry.variable))
            return path
        }
    }

    private static func mappedList<Value: Sendable & Hashable>(
        _ name: String, _ place: Place<[Value]>, of kind: ValueKind<Value>, countMax: Int, isRequired: Bool,
        _ meaning: String, _ transform: @escaping @Sendable (ListEntry<Value>, Surroundings) -> Value
    ) -> Self {
        let shown: @Sendable () -> String? = {
            isRequired ? nil : "[" + Section()[keyPath: place].map(kind.show).joined(separator: ", ") + "]"
        }
        let row = Row(
            name: name, type: "list: \(kind.type)", isRequired: isRequired, defaultText: shown, meaning: meaning)
        return Self(
            name: name, references: row.references, show: { .array($0[keyPath: place].map(kind.json)) }
        ) { reader, section in
            let rules = ListRules(name: name, countMax: countMax, isRequired: isRequired)
            if let entries = rules.read(kind, &reader) {
                let surroundings = reader.surroundings
                section[keyPath: place] = entries.map { transform($0, surroundings) }
            }
        }
    }
}

/// An entry of a list of values, and where it comes from.
private struct ListEntry<Value> {
    let value: Value
    /// The way to it: `policy.files[0]`.
    let key: String
    /// Where it stands; nil when it comes from a variable.
    var location: SourceLocation?
    var variable: String?
}

/// How a list of values is read.
private struct ListRules {
    let name: String
    let countMax: Int
    let isRequired: Bool

    func read<Value: Sendable & Hashable>(_ kind: ValueKind<Value>, _ reader: inout SectionReader) -> [ListEntry<
        Value
    >]? {
        let inFile = fromFile(kind, &reader)
        guard let override = reader.override(name, named: nil) else {
            if isRequired { reader.fields.reportMissing(name) }
            return inFile
        }
        let texts = override.text.split(separator: ",").map(Self.trimmed)
        let values = texts.compactMap(kind.parseVariable)
        guard values.count == texts.count, (1...countMax).contains(values.count) else {
            let expectation = "1 to \(countMax) entries separated by commas, each \(kind.expectation)"
            let text = kind.mayShow(override.text) ? override.text : nil
            reader.report(variable: override.variable, text, mustBe: expectation, hint: "")
            return nil
        }
        return values.enumerated().map { place, value in
            ListEntry(value: value, key: "\(reader.fields.place(name))[\(place)]", variable: override.variable)
        }
    }

    private func fromFile<Value: Sendable & Hashable>(
        _ kind: ValueKind<Value>, _ reader: inout SectionReader
    ) -> [ListEntry<Value>]? {
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
        return entries.compactMap { entry in
            entry.node.scalar.flatMap(kind.parse).map {
                ListEntry(value: $0, key: entry.name, location: entry.node.location)
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let head = text.drop(while: \.isWhitespace)
        let tail = head.reversed().drop(while: \.isWhitespace)
        return String(tail.reversed())
    }
}
