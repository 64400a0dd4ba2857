public import IntentProtocol

/// How one intent is sent; every value has the protocol's default.
public struct IntentOptions: Sendable {
    /// How agents are gone through.
    public var strategy = RoutingStrategy.direct
    /// The agent that is wanted; nil takes the first in the gateway's order.
    public var targetAgent: String?
    /// How urgent it is.
    public var priority = IntentPriority.normal
    /// Labels.
    public var tags: [String] = []
    /// Carried for peers that read it; gateways choose by their own order.
    public var fallbackAgents: [String] = []
    /// A trace id; one of 32 hex digits is also sent as `traceparent`. nil lets the gateway give one.
    public var traceId: String?
    /// Whether doing it twice does no harm: only then is a request repeated that a worker may have seen.
    public var isIdempotent = false

    /// The defaults above.
    public init() {}
}
