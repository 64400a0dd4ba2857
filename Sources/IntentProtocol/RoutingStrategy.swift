/// How the gateway goes through the agents that serve an intent.
public enum RoutingStrategy: String, Sendable, CaseIterable, Hashable {
    /// One attempt at the named target, or at the first agent in order.
    case direct
    /// One agent after the other until one succeeds.
    case fallback
    /// Every agent, one after the other; the last success is the answer.
    case broadcast
    /// Every agent at once; the first success is the answer.
    case parallel

    /// The strategy of that name in any letter case; nil when there is none.
    public init?(anyCase name: String) {
        self.init(rawValue: name.lowercased())
    }
}
