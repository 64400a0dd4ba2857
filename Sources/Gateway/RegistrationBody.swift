import IntentProtocol
import Routing

/// The body of `PUT /api/v1/agents/{name}/instances/{id}`, read strictly.
struct RegistrationBody {
    var url = ""
    var nodeId: String?
    var nodePriority = AgentDefinition.nodePriorityDefault
    var capabilities: [Capability] = []
    var timeToLiveSeconds: Int64 = 15

    private static let known = ["url", "intents", "nodeId", "nodePriority", "ttlSeconds"]

    init(parsing body: [UInt8]) throws(IntentError) {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: body)
        } catch {
            throw IntentError(.validationError, error.message)
        }
        guard case .object(let fields) = document else {
            throw IntentError(.validationError, "the body must be an object with url and intents")
        }
        for member in fields where !Self.known.contains(member.key) {
            throw IntentError(
                .validationError, "unknown key '\(member.key)'; known: \(Self.known.joined(separator: ", "))")
        }
        guard let url = fields["url"]?.stringValue else { throw Self.wrong("url", "a string") }
        self.url = url
        guard let intents = fields["intents"]?.arrayValue else { throw Self.wrong("intents", "a list") }
        for (place, intent) in intents.enumerated() {
            capabilities.append(try Self.capability(intent, path: "intents[\(place)]"))
        }
        try readOptional(fields)
    }

    private mutating func readOptional(_ fields: JSONObject) throws(IntentError) {
        if let value = fields["nodeId"], value != .null {
            guard let text = value.stringValue else { throw Self.wrong("nodeId", "a string or null") }
            nodeId = text
        }
        if let value = fields["nodePriority"] {
            guard let number = value.intValue, let priority = Int(exactly: number) else {
                throw Self.wrong("nodePriority", "an integer")
            }
            nodePriority = priority
        }
        if let value = fields["ttlSeconds"] {
            guard let seconds = value.intValue, (1...86_400).contains(seconds) else {
                throw Self.wrong("ttlSeconds", "a whole number of seconds, 1 to 86400")
            }
            timeToLiveSeconds = seconds
        }
    }

    private static func capability(_ value: JSONValue, path: String) throws(IntentError) -> Capability {
        guard let fields = value.objectValue, let name = fields["name"]?.stringValue else {
            throw wrong(path, "an object with name and version")
        }
        for member in fields where member.key != "name" && member.key != "version" {
            throw IntentError(.validationError, "unknown key '\(path).\(member.key)'; known: name, version")
        }
        guard let version = fields["version"] else { return Capability(intent: name, version: "1.0") }
        guard let text = version.stringValue else { throw wrong("\(path).version", "a string") }
        return Capability(intent: name, version: text)
    }

    private static func wrong(_ path: String, _ expected: String) -> IntentError {
        IntentError(.validationError, "\(path) must be \(expected)")
    }
}
