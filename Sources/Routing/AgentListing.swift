/// An agent as it is told to those who ask for the directory.
package struct AgentListing: Sendable, Hashable {
    /// An instance as it is told.
    package struct Instance: Sendable, Hashable {
        /// Unique within the agent.
        package let id: String
        /// Where it is called.
        package let url: String
        /// Milliseconds until it leaves unless renewed; nil for a configured one.
        package let expiresInMilliseconds: Int64?
        /// Milliseconds since it registered or renewed with this node; nil for one that never did.
        package let renewedMillisecondsAgo: Int64?
        /// `healthy`, `ejected` or `probing`.
        package let health: String
        /// Calls under way.
        package let inFlight: Int
        /// How long its answers take, in microseconds; nil before the first one.
        package let latencyMicroseconds: Int64?
        /// Whether an operator lets it have no new calls.
        package let isDrained: Bool
    }

    /// What it is.
    package let definition: AgentDefinition
    /// Who put it there.
    package let source: AgentRecord.Source
    /// Those still registered.
    package let instances: [Instance]

    init(_ agent: AgentRecord, nowNanoseconds: Int64) {
        definition = agent.definition
        source = agent.source
        instances = agent.instances.filter { $0.state.isLive(nowNanoseconds: nowNanoseconds) }.map { instance in
            Instance(
                id: instance.id, url: instance.url.text,
                expiresInMilliseconds: instance.expiresAtNanoseconds.map { ($0 - nowNanoseconds) / 1_000_000 },
                renewedMillisecondsAgo: instance.state.renewedAtNanoseconds.map { (nowNanoseconds - $0) / 1_000_000 },
                health: Self.word(for: instance.state.standing), inFlight: instance.state.inFlight,
                latencyMicroseconds: instance.state.latencyNanoseconds.map { ($0 + 500) / 1_000 },
                isDrained: instance.state.isDrained)
        }
    }

    private static func word(for standing: InstanceHealth.Standing) -> String {
        switch standing {
        case .healthy: "healthy"
        case .ejected: "ejected"
        case .probing: "probing"
        }
    }
}
