/// The closed set of error codes that travel on the wire.
///
/// What is finer than these fourteen goes into ``IntentError/details`` under `reason`.
public enum ErrorCode: String, Sendable, CaseIterable, Hashable {
    /// The envelope is not what the protocol asks for; sending it again unchanged cannot help.
    case validationError = "VALIDATION_ERROR"
    /// The agent ran and reported a failure of its own.
    case agentError = "AGENT_ERROR"
    /// No agent could be chosen, for example because the named target does not serve the intent.
    case routingError = "ROUTING_ERROR"
    /// No agent is registered for the intent.
    case capabilityNotFound = "CAPABILITY_NOT_FOUND"
    /// The agent did not answer in time; it may have done the work.
    case agentTimeout = "AGENT_TIMEOUT"
    /// No instance of the agent can be reached now.
    case agentUnavailable = "AGENT_UNAVAILABLE"
    /// The frame around the envelope is not one this protocol version knows.
    case protocolError = "PROTOCOL_ERROR"
    /// The message was lost or unusable on its way.
    case transportError = "TRANSPORT_ERROR"
    /// The caller is not known, or may not do this.
    case unauthorized = "UNAUTHORIZED"
    /// A rate limit refused the request; `details.retryAfterMs` says when to try again.
    case rateLimit = "RATE_LIMIT"
    /// The agent failed in a way it did not report itself, such as an uncaught exception.
    case internalAgentError = "INTERNAL_AGENT_ERROR"
    /// The body or its payload is larger than the receiver takes.
    case payloadTooLarge = "PAYLOAD_TOO_LARGE"
    /// A workflow was stopped on purpose.
    case workflowAborted = "WORKFLOW_ABORTED"
    /// An encrypted frame could not be opened.
    case emclFailure = "EMCL_FAILURE"

    /// Whether a caller may send the same request again when nothing else says so.
    public var retryableByDefault: Bool {
        switch self {
        case .agentTimeout, .agentUnavailable, .transportError, .rateLimit: true
        case .validationError, .agentError, .routingError, .capabilityNotFound, .protocolError, .unauthorized,
            .internalAgentError, .payloadTooLarge, .workflowAborted, .emclFailure:
            false
        }
    }

    /// The HTTP status that stands for the code at a door that tells real statuses.
    ///
    /// `UNAUTHORIZED` is 401 here; a gateway that knows the caller and refuses what it asks for answers 403 itself.
    public var httpStatus: Int {
        switch self {
        case .validationError, .protocolError, .emclFailure: 400
        case .unauthorized: 401
        case .capabilityNotFound, .routingError: 404
        case .payloadTooLarge: 413
        case .rateLimit: 429
        case .workflowAborted: 500
        case .agentError, .internalAgentError, .transportError: 502
        case .agentUnavailable: 503
        case .agentTimeout: 504
        }
    }
}
