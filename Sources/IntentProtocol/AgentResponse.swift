/// An answer to an intent, as a value: what an agent gives back, what a client gets.
public struct AgentResponse: Sendable, Equatable {
    /// The version of the response, `1.0`.
    public var version: String
    /// How it went.
    public var status: ResponseStatus
    /// The result; usually an object.
    public var payload: JSONValue?
    /// Facts around the answer, such as `agent` and `traceId`.
    public var metadata: JSONObject
    /// Why it failed; nil means success, whatever ``status`` says.
    public var error: IntentError?

    /// Makes a response from its parts.
    public init(
        version: String = "1.0", status: ResponseStatus, payload: JSONValue?, metadata: JSONObject = [:],
        error: IntentError? = nil
    ) {
        self.version = version
        self.status = status
        self.payload = payload
        self.metadata = metadata
        self.error = error
    }

    /// A success with its result.
    public static func success(_ payload: JSONValue, metadata: JSONObject = [:]) -> AgentResponse {
        AgentResponse(status: .success, payload: payload, metadata: metadata)
    }

    /// A failure with its reason.
    public static func failure(_ error: IntentError, metadata: JSONObject = [:]) -> AgentResponse {
        AgentResponse(status: .error, payload: nil, metadata: metadata, error: error)
    }

    /// Appends `{"protocol":…,"messageType":"response","headers":{},"body":{…}}`.
    public func appendFrame(to bytes: inout [UInt8]) {
        bytes.append(literal: AgentReply.frameStart)
        appendBare(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends the response without a frame.
    public func appendBare(to bytes: inout [UInt8]) {
        bytes.append(literal: "{\"version\":")
        bytes.append(quoting: version)
        bytes.append(literal: ",\"status\":\"")
        bytes.append(contentsOf: status.rawValue.utf8)
        bytes.append(literal: "\",\"payload\":")
        (payload ?? .null).appendEncoded(to: &bytes)
        bytes.append(literal: ",\"metadata\":")
        metadata.appendEncoded(to: &bytes)
        bytes.append(literal: ",\"error\":")
        if let error { error.appendEncoded(to: &bytes) } else { bytes.append(literal: "null") }
        bytes.append(UInt8(ascii: "}"))
    }
}
