import IntentProtocol

/// A gateway node as the others see it.
package struct NodeRecord: Sendable, Hashable {
    /// Unique in the cluster, drawn or configured.
    package var id: String
    /// The configured name, as a host's or a pod's.
    package var name: String
    /// The version of its program.
    package var version: String
    /// Where its data plane listens.
    package var address: String
    /// When it started, in milliseconds since 1970 by its own clock; told, never computed with.
    package var startedAtMilliseconds: Int64
    /// How busy it was at its last heartbeat.
    package var load: NodeLoad
    /// The ids of the keys that it opens sealed envelopes by; nil for a node that opens none.
    package var keyIds: [String]?

    /// Makes a record.
    package init(
        id: String, name: String, version: String, address: String, startedAtMilliseconds: Int64,
        load: NodeLoad = NodeLoad(), keyIds: [String]? = nil
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.address = address
        self.startedAtMilliseconds = startedAtMilliseconds
        self.load = load
        self.keyIds = keyIds
    }
}

/// How busy a node is.
package struct NodeLoad: Sendable, Hashable {
    /// Requests under way.
    package var requestsInFlight: Int
    /// Requests that ended in the last second.
    package var requestsPerSecond: Int
    /// Whether an operator has taken it out of service; nil for a node of a version that does not tell.
    package var isDrained: Bool?

    /// Makes a load.
    package init(requestsInFlight: Int = 0, requestsPerSecond: Int = 0, isDrained: Bool? = nil) {
        self.isDrained = isDrained
        self.requestsInFlight = requestsInFlight
        self.requestsPerSecond = requestsPerSecond
    }
}

extension NodeRecord {
    /// The most bytes of one of its texts.
    static let textBytesMax = 256
    /// The most bytes of a record as it is written.
    static let bytesMax = 4_096
    /// The most keys that a node tells of.
    static let keyIdsMax = 16

    /// As it is written to the store.
    var encoded: [UInt8] {
        let value: JSONValue = [
            "id": .string(id), "name": .string(name), "version": .string(version), "address": .string(address),
            "started": .number(JSONNumber(Int(startedAtMilliseconds))),
            "inFlight": .number(JSONNumber(load.requestsInFlight)),
            "rps": .number(JSONNumber(load.requestsPerSecond)),
            "drained": load.isDrained.map(JSONValue.bool) ?? .null,
            "keys": keyIds.map { .array($0.map(JSONValue.string)) } ?? .null,
        ]
        return value.encoded
    }

    /// Reads what another node wrote; nil for anything that no node writes.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count <= Self.bytesMax, let value = try? JSONValue(parsing: bytes), let fields = value.objectValue,
            let id = Self.text(fields["id"]), !id.isEmpty, let name = Self.text(fields["name"]),
            let version = Self.text(fields["version"]), let address = Self.text(fields["address"]),
            let started = fields["started"]?.intValue, let inFlight = fields["inFlight"]?.intValue,
            let perSecond = fields["rps"]?.intValue, started >= 0, inFlight >= 0, perSecond >= 0
        else { return nil }
        // Nodes of an older version tell of none.
        let keyIds = fields["keys"]?.arrayValue.map { $0.prefix(Self.keyIdsMax).compactMap(Self.text) }
        self.init(
            id: id, name: name, version: version, address: address, startedAtMilliseconds: Int64(started),
            load: NodeLoad(requestsInFlight: Int(inFlight), requestsPerSecond: Int(perSecond),
                isDrained: fields["drained"]?.boolValue),
            keyIds: keyIds)
    }

    /// Texts end in logs and on terminals: no control characters.
    private static func text(_ value: JSONValue?) -> String? {
        guard let text = value?.stringValue, text.utf8.count <= textBytesMax,
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
        else { return nil }
        return text
    }
}
