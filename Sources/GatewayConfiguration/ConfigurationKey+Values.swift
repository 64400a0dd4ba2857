import Documents
import IntentProtocol

extension ConfigurationKey where Section: ConfigurationSection {
    /// A key with a single value and a default.
    static func value<Value: Sendable>(
        _ name: String, _ place: Place<Value>, _ kind: ValueKind<Value>, unit: String? = nil, variable: String? = nil,
        _ meaning: String
    ) -> Self {
        let row = Row(
            name: name, type: kind.type, defaultText: { kind.show(Section()[keyPath: place]) }, unit: unit,
            meaning: meaning, variable: variable)
        return Self(name: name, references: row.references, show: { kind.json($0[keyPath: place]) }) {
            reader, section in
            if let value = read(name, kind, variable, &reader) { section[keyPath: place] = value }
        }
    }

    /// A key with a single value that must be there.
    static func required<Value: Sendable>(
        _ name: String, _ place: Place<Value>, _ kind: ValueKind<Value>, _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: kind.type, isRequired: true, meaning: meaning)
        return Self(name: name, references: row.references, show: { kind.json($0[keyPath: place]) }) {
            reader, section in
            let isOverridden = reader.override(name, named: nil) != nil
            if let value = read(name, kind, nil, &reader) {
                section[keyPath: place] = value
            } else if !isOverridden {
                reader.fields.reportMissing(name)
            }
        }
    }

    /// A key with a single value that may be absent.
    static func optional<Value: Sendable>(
        _ name: String, _ place: Place<Value?>, _ kind: ValueKind<Value>, absent: String? = nil,
        _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: kind.type, defaultText: { absent }, meaning: meaning)
        return Self(name: name, references: row.references, show: { $0[keyPath: place].map(kind.json) }) {
            reader, section in
            if let value = read(name, kind, nil, &reader) { section[keyPath: place] = value }
        }
    }

    /// A key with a path that may be absent; relative paths start at the folder of the file.
    static func optionalPath(
        _ name: String, _ place: Place<String?>, of file: NamedFile.Kind = .material, _ meaning: String
    ) -> Self {
        let kind = ValueKind.text(bytesMax: 4096, what: "path")
        let row = Row(name: name, type: kind.type, meaning: meaning)
        return Self(name: name, references: row.references, show: { $0[keyPath: place].map(JSONValue.string) }) {
            reader, section in
            guard let path = read(name, kind, nil, &reader) else { return }
            let resolved = reader.surroundings.resolved(path: path)
            section[keyPath: place] = resolved
            let variable = reader.override(name, named: nil)?.variable
            reader.surroundings.files.add(
                NamedFile(
                    kind: file, key: reader.fields.place(name), path: resolved,
                    location: variable == nil ? reader.fields.location(of: name) : nil, variable: variable))
        }
    }

    /// The value in the file under the override of the environment; both are checked.
    static func read<Value: Sendable>(
        _ name: String, _ kind: ValueKind<Value>, _ variable: String?, _ reader: inout SectionReader
    ) -> Value? {
        let node = reader.fields.value(name)
        let inFile = node.flatMap { kind.read($0, name: reader.fields.place(name), into: reader.fields.diagnostics) }
        guard let override = reader.override(name, named: variable) else { return inFile }
        if let value = kind.parseVariable(override.text) { return value }
        reader.report(
            variable: override.variable, kind.mayShow(override.text) ? override.text : nil, mustBe: kind.expectation,
            hint: kind.hint(override.text))
        return nil
    }
}

extension ValueKind {
    /// The value of a node of the file; notes an error when it is none of this kind.
    func read(_ node: DocumentNode, name: String, into diagnostics: Diagnostics) -> Value? {
        if let value = node.scalar.flatMap(parse) { return value }
        let text = node.scalar?.text ?? ""
        let found = mayShow(text) ? node.summary : SectionReader.concealed
        diagnostics.error(
            "\(name) must be \(expectation), found \(found)\(hint(text))\(quotesAdvice(node))", at: node.location)
        return nil
    }

    /// A number where a string would do is most often a version without quotes.
    private func quotesAdvice(_ node: DocumentNode) -> String {
        guard let scalar = node.scalar, scalar.kind != .string,
            parse(DocumentScalar(.string, text: scalar.text, isQuoted: true)) != nil
        else { return "" }
        return "; put it in quotes" + (mayShow(scalar.text) ? ": \"\(MessageText.shortened(scalar.text))\"" : "")
    }
}
