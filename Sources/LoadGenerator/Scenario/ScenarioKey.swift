import Documents
import IntentProtocol

/// One key of a section of a scenario: what the reference table says of it, and how it is read.
struct ScenarioKey<Section> {
    /// The rows of the reference table, this key's own first; called with the path of the section.
    let references: (_ path: String) -> [ScenarioReference]
    /// Reads it, or leaves the section's own default in place.
    let read: (inout FieldReader, inout Section) -> Void
}

/// A row of the reference table.
package struct ScenarioReference: Sendable, Hashable {
    /// `mix[].intent`
    package let path: String
    package let type: String
    /// Nil where there is none.
    package let defaultText: String?
    package let meaning: String
}

/// A mapping of a scenario as a value.
protocol ScenarioSection {
    /// The value with every key absent.
    init()

    /// Every key it may have; the reader and the reference table both come from here.
    static var keys: [ScenarioKey<Self>] { get }
}

extension ScenarioSection {
    /// Reads the section, and notes what is wrong with it and which keys it may not have.
    init(reading fields: inout FieldReader) {
        self.init()
        for key in Self.keys { key.read(&fields, &self) }
        fields.finish()
    }

    static func references(_ path: String = "") -> [ScenarioReference] { keys.flatMap { $0.references(path) } }
}

extension ScenarioKey {
    private static func row(
        _ name: String, _ type: String, _ defaultText: String?, _ meaning: String
    ) -> (String) -> [ScenarioReference] {
        { path in
            [
                ScenarioReference(
                    path: path.isEmpty ? name : "\(path).\(name)", type: type, defaultText: defaultText,
                    meaning: meaning)
            ]
        }
    }

    static func integer(
        _ name: String, _ place: WritableKeyPath<Section, Int>, _ range: ClosedRange<Int>, default known: Int?,
        _ meaning: String
    ) -> ScenarioKey {
        let type = "integer from \(range.lowerBound) to \(range.upperBound)"
        return ScenarioKey(
            references: row(name, type, known.map { "\($0)" }, meaning),
            read: { fields, section in
                if let value = fields.integer(name, in: range) { section[keyPath: place] = value }
            })
    }

    /// A number, whole or not.
    static func number(
        _ name: String, _ place: WritableKeyPath<Section, Double?>, _ range: ClosedRange<Double>,
        default known: String? = nil, isRequired: Bool = false, _ meaning: String
    ) -> ScenarioKey {
        func shown(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
        let type = "number from \(shown(range.lowerBound)) to \(shown(range.upperBound))"
        return ScenarioKey(
            references: row(name, type, isRequired ? "required" : known, meaning),
            read: { fields, section in
                guard let node = fields.value(name) else {
                    if isRequired { fields.reportMissing(name) }
                    return
                }
                guard let value = node.scalar?.double, range.contains(value) else {
                    return fields.error("\(fields.place(name)) must be a \(type), found \(node.summary)", at: name)
                }
                section[keyPath: place] = value
            })
    }

    static func text(
        _ name: String, _ place: WritableKeyPath<Section, String?>, default known: String? = nil,
        isRequired: Bool = false, _ meaning: String
    ) -> ScenarioKey {
        ScenarioKey(
            references: row(name, "string", isRequired ? "required" : known, meaning),
            read: { fields, section in
                guard let text = fields.string(name) else {
                    if isRequired { fields.reportMissing(name) }
                    return
                }
                guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
                    return fields.error(
                        "\(fields.place(name)) must be text of one line, and not empty", at: name)
                }
                section[keyPath: place] = text
            })
    }

    static func word<Word>(
        _ name: String, _ place: WritableKeyPath<Section, Word>, default known: Word, _ meaning: String
    ) -> ScenarioKey where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        ScenarioKey(
            references: row(
                name, "one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))", known.rawValue, meaning),
            read: { fields, section in
                if let word = fields.enumeration(name, as: Word.self) { section[keyPath: place] = word }
            })
    }

    static func texts(
        _ name: String, _ place: WritableKeyPath<Section, [String]>, default known: String? = nil, _ meaning: String
    ) -> ScenarioKey {
        ScenarioKey(
            references: row(name, "list of strings", known, meaning),
            read: { fields, section in
                if let texts = fields.strings(name) { section[keyPath: place] = texts }
            })
    }

    /// A mapping that is kept as JSON.
    static func object(
        _ name: String, _ place: WritableKeyPath<Section, JSONObject?>, default known: String, _ meaning: String
    ) -> ScenarioKey {
        ScenarioKey(
            references: row(name, "mapping", known, meaning),
            read: { fields, section in
                guard let node = fields.value(name) else { return }
                guard case .object(let object)? = node.json else {
                    let found = node.mapping == nil ? node.summary : "one with a number that JSON has not"
                    return fields.error("\(fields.place(name)) must be a mapping as of JSON, found \(found)", at: name)
                }
                section[keyPath: place] = object
            })
    }

    static func section<Child: ScenarioSection>(
        _ name: String, _ place: WritableKeyPath<Section, Child?>, _ meaning: String
    ) -> ScenarioKey {
        ScenarioKey(
            references: {
                row(name, "mapping", nil, meaning)($0) + Child.references($0.isEmpty ? name : "\($0).\(name)")
            },
            read: { fields, section in
                guard var child = fields.child(name) else { return }
                section[keyPath: place] = Child(reading: &child)
            })
    }

    static func sections<Child: ScenarioSection>(
        _ name: String, _ place: WritableKeyPath<Section, [Child]>, default known: String? = nil, _ meaning: String
    ) -> ScenarioKey {
        ScenarioKey(
            references: {
                row(name, "list of mappings", known, meaning)($0)
                    + Child.references($0.isEmpty ? "\(name)[]" : "\($0).\(name)[]")
            },
            read: { fields, section in
                section[keyPath: place] = fields.children(name).map { child in
                    var child = child
                    return Child(reading: &child)
                }
            })
    }
}
