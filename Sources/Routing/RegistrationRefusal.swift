package import IntentProtocol

/// Why the directory did not do what a worker asked.
package enum RegistrationRefusal: Error, Sendable, Hashable {
    /// The request itself is wrong; the text says where.
    case invalid(String)
    /// The agent's name belongs to another principal.
    case ownedByAnother(agent: String)
    /// The agent's name stands in the configuration.
    case configured(agent: String)
    /// A limit of the directory is reached; the text names it.
    case limitReached(String)
    /// There is no such instance.
    case unknown(agent: String, instance: String)

    /// A stable word for metrics, audit and `details.reason`.
    package var reason: String {
        switch self {
        case .invalid: "INVALID_REGISTRATION"
        case .ownedByAnother: "AGENT_OWNED_BY_ANOTHER"
        case .configured: "AGENT_CONFIGURED"
        case .limitReached: "DIRECTORY_FULL"
        case .unknown: "INSTANCE_NOT_REGISTERED"
        }
    }

    /// The refusal in the wire's terms.
    package var intentError: IntentError {
        let (code, message): (ErrorCode, String) =
            switch self {
            case .invalid(let text): (.validationError, text)
            case .ownedByAnother(let agent): (.unauthorized, "agent '\(agent)' is registered by another principal")
            case .configured(let agent): (.unauthorized, "agent '\(agent)' is set by the gateway's configuration")
            case .limitReached(let text): (.rateLimit, text)
            case .unknown(let agent, let instance):
                (.routingError, "instance '\(instance)' of agent '\(agent)' is not registered")
            }
        return IntentError(code, message, details: ["reason": .string(reason)])
    }
}
