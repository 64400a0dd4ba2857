/// One process that answers for an agent.
package struct AgentInstance: Sendable {
    /// Unique within the agent.
    package let id: String
    /// Where it is called.
    package let url: InstanceURL
    /// The principal who registered it; nil for a configured one.
    package let owner: String?
    /// What is known of it from calls and heartbeats: one record for the instance, the same in every snapshot.
    package let state: InstanceState

    init(id: String, url: InstanceURL, owner: String?, state: InstanceState) {
        self.id = id
        self.url = url
        self.owner = owner
        self.state = state
    }

    /// Monotonic nanoseconds at which it leaves unless renewed; nil for a configured one.
    package var expiresAtNanoseconds: Int64? { state.expiresAtNanoseconds }
}
