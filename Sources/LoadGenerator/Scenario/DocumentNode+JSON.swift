package import Documents
package import IntentProtocol

extension DocumentNode {
    /// The value as JSON; nil where it has a number that JSON has not.
    package var json: JSONValue? {
        switch kind {
        case .null: return .null
        case .scalar(let scalar): return Self.json(scalar)
        case .sequence(let entries):
            var values: [JSONValue] = []
            for entry in entries {
                guard let value = entry.json else { return nil }
                values.append(value)
            }
            return .array(values)
        case .mapping(let members):
            var object: JSONObject = [:]
            for member in members {
                guard let value = member.value.json else { return nil }
                object[member.key] = value
            }
            return .object(object)
        }
    }

    private static func json(_ scalar: DocumentScalar) -> JSONValue? {
        switch scalar.kind {
        case .boolean: scalar.boolean.map { .bool($0) }
        case .string: .string(scalar.text)
        // Through the wire's own reader, so that a number keeps the digits that it was written with.
        case .integer, .float: try? JSONValue(parsing: Array(scalar.text.utf8))
        }
    }
}
