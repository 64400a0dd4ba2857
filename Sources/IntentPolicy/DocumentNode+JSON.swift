package import Documents
package import IntentProtocol

extension DocumentNode {
    /// The node as JSON; numbers keep the text they were written with.
    package var json: JSONValue {
        switch kind {
        case .null: .null
        case .scalar(let scalar): scalar.json
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let members):
            .object(
                members.reduce(into: JSONObject()) { object, member in object[member.key] = member.value.json })
        }
    }
}

extension DocumentScalar {
    fileprivate var json: JSONValue {
        switch kind {
        case .boolean: .bool(boolean ?? false)
        case .integer, .float: (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        case .string: .string(text)
        }
    }
}
