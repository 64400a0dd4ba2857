import IntentProtocol
import Routing

/// An agent's owner and definition as the store holds them: the owner with its length, so that no owner is the beginning
/// of another one, then the definition as JSON.
enum AgentText {
    /// The most bytes of an owner.
    static let ownerBytesMax = 1_024
    /// The most bytes of owner and definition: 256 capabilities of two names at their longest.
    static let bytesMax = 256 << 10

    /// The owner's part, by which a script compares owners.
    static func owner(_ owner: String) -> [UInt8] {
        Array("\(owner.utf8.count):\(owner)".utf8)
    }

    static func definition(_ definition: AgentDefinition) -> [UInt8] {
        let intents = definition.capabilities.map { capability -> JSONValue in
            .array([.string(capability.intent.text), .string(capability.version.text)])
        }
        let value: JSONValue = [
            "node": definition.nodeId.map(JSONValue.string) ?? .null,
            "priority": .number(JSONNumber(definition.nodePriority)), "intents": .array(intents),
        ]
        return value.encoded
    }

    /// What an instance's value is: how long it lives unless renewed, and its address.
    static func instance(timeToLiveMilliseconds: Int64, url: String) -> [UInt8] {
        Array("\(timeToLiveMilliseconds) \(url)".utf8)
    }

    /// Reads an agent by the rules of registration.
    ///
    /// - Parameter refused: told of each instance that is left out; the id is printable.
    /// - Throws: when none of it can be used.
    static func agent(
        _ stored: StoredAgent, limits: DirectoryLimits, refused: (_ id: String, _ reason: String) -> Void
    ) throws(RegistrationRefusal) -> SharedAgent {
        guard let name = String(validating: stored.name, as: UTF8.self) else { throw .invalid("its name is not text") }
        guard let (owner, text) = split(stored.record) else { throw .invalid("its record has no owner") }
        let definition = try definition(name: name, text)
        let instances = stored.instances.map { instance in
            let value = instance.value.firstIndex(of: UInt8(ascii: " ")).map { instance.value[($0 + 1)...] } ?? []
            return (id: String(decoding: instance.id, as: UTF8.self), url: String(decoding: value, as: UTF8.self))
        }
        return try SharedAgent(
            definition: definition, owner: owner, instances: instances,
            vacantForMilliseconds: stored.vacantForMilliseconds, limits: limits
        ) { id, refusal in
            refused(printable(Array(id.utf8)), refusal.intentError.message)
        }
    }

    /// A name that may stand in a log.
    static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(128).map { (0x20..<0x7f).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }

    private static func split(_ record: [UInt8]) -> (owner: String, definition: [UInt8])? {
        guard record.count <= bytesMax, let colon = record.prefix(5).firstIndex(of: UInt8(ascii: ":")),
            let count = Int(String(decoding: record[..<colon], as: UTF8.self)), (1...ownerBytesMax).contains(count),
            record.count - colon - 1 >= count,
            let owner = String(validating: record[(colon + 1)...].prefix(count), as: UTF8.self)
        else { return nil }
        return (owner, Array(record[(colon + 1 + count)...]))
    }

    private static func definition(name: String, _ text: [UInt8]) throws(RegistrationRefusal) -> AgentDefinition {
        guard let fields = (try? JSONValue(parsing: text))?.objectValue, let node = fields["node"],
            node == .null || node.stringValue != nil, let number = fields["priority"]?.intValue,
            let priority = Int(exactly: number), let intents = fields["intents"]?.arrayValue
        else { throw .invalid("its record is not one of ours") }
        var capabilities: [Capability] = []
        capabilities.reserveCapacity(intents.count)
        for intent in intents {
            guard let words = intent.arrayValue, words.count == 2, let name = words[0].stringValue,
                let version = words[1].stringValue
            else { throw .invalid("its record has an intent that is none") }
            capabilities.append(Capability(intent: name, version: version))
        }
        return AgentDefinition(
            name: name, nodeId: node.stringValue, nodePriority: priority, capabilities: capabilities)
    }
}
