/// An envelope in the making: what a client sends.
///
/// Times and identifiers are given, not made, so that a draft is the same bytes every time.
public struct EnvelopeDraft: Sendable {
    /// The envelope's own version.
    public var version = "1.0"
    /// The intent's name; receivers refuse an empty one.
    public var intentName: String
    /// The intent's version.
    public var intentVersion = "1.0"
    /// The payload; receivers refuse anything but an object.
    public var payload: JSONText
    /// Who asks.
    public var sourceAgent = "client"
    /// When, in ISO 8601: `2026-11-23T04:06:38.017026+00:00`.
    public var timestamp: String
    /// How urgent it is.
    public var priority = IntentPriority.normal
    /// Labels.
    public var tags: [String] = []
    /// A name for this request, usually a UUID; retries of one request keep it.
    public var requestId: String
    /// Where the request comes from.
    public var source = "client"
    /// When the envelope was made; usually ``timestamp``.
    public var createdAt: String
    /// A trace id; nil lets the gateway give one.
    public var traceId: String?
    /// Who handled the request before, oldest first.
    public var identityChain: [String] = []
    /// How agents are gone through.
    public var strategy = RoutingStrategy.direct
    /// The agent that is wanted; nil takes the first in order.
    public var targetAgent: String?
    /// Carried for peers that read it.
    public var fallbackAgents: [String] = []
    /// Agents that handled the envelope before.
    public var decisionPath: [String] = []
    /// How often the envelope was tried before.
    public var retries = 0
    /// Headers of the frame; left out of it when empty.
    public var headers: JSONObject = [:]

    /// Makes a draft with the defaults of the protocol.
    public init(
        intentName: String, payload: JSONText, requestId: String, timestamp: String, traceId: String? = nil
    ) {
        self.intentName = intentName
        self.payload = payload
        self.requestId = requestId
        self.timestamp = timestamp
        createdAt = timestamp
        self.traceId = traceId
    }

    /// Makes a draft with the defaults of the protocol, from a payload as a tree.
    public init(
        intentName: String, payload: JSONObject, requestId: String, timestamp: String, traceId: String? = nil
    ) {
        self.init(
            intentName: intentName, payload: JSONText(.object(payload)), requestId: requestId, timestamp: timestamp,
            traceId: traceId)
    }

    /// `{"protocol":…,"messageType":"intent","body":{…}}`.
    public func encodedFrame() -> [UInt8] {
        var bytes = Array(#"{"protocol":"INTENTUSNET/1.0","messageType":"intent","#.utf8)
        if !headers.isEmpty {
            bytes.append(literal: "\"headers\":")
            headers.appendEncoded(to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(literal: "\"body\":")
        appendBare(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The envelope without a frame.
    public func encodedBare() -> [UInt8] {
        var bytes: [UInt8] = []
        appendBare(to: &bytes)
        return bytes
    }

    private func appendBare(to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + payload.bytes.count + 640)
        bytes.append("{\"version\":", version)
        bytes.append(",\"intent\":{\"name\":", intentName)
        bytes.append(",\"version\":", intentVersion)
        bytes.append(literal: "},\"payload\":")
        bytes.append(contentsOf: payload.bytes)
        bytes.append(",\"context\":{\"sourceAgent\":", sourceAgent)
        bytes.append(",\"timestamp\":", timestamp)
        bytes.append(",\"priority\":", priority.rawValue)
        bytes.append(",\"tags\":", tags)
        bytes.append("},\"metadata\":{\"requestId\":", requestId)
        bytes.append(",\"source\":", source)
        bytes.append(",\"createdAt\":", createdAt)
        bytes.append(",\"traceId\":", traceId)
        bytes.append(",\"identityChain\":", identityChain)
        bytes.append("},\"routing\":{\"strategy\":", strategy.rawValue)
        bytes.append(",\"targetAgent\":", targetAgent)
        bytes.append(",\"fallbackAgents\":", fallbackAgents)
        bytes.append("},\"routingMetadata\":{\"decisionPath\":", decisionPath)
        bytes.append(literal: ",\"retries\":")
        bytes.append(contentsOf: String(retries).utf8)
        bytes.append(literal: "}}")
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ literal: StaticString, _ text: String?) {
        append(literal: literal)
        if let text { append(quoting: text) } else { append(literal: "null") }
    }

    fileprivate mutating func append(_ literal: StaticString, _ list: [String]) {
        append(literal: literal)
        append(UInt8(ascii: "["))
        for (index, text) in list.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(quoting: text)
        }
        append(UInt8(ascii: "]"))
    }
}
