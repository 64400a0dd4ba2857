/// What the directory holds at most, and what registration may ask for.
package struct DirectoryLimits: Sendable, Hashable {
    /// Agents, configured ones included.
    package var agentsMax = 10_000
    /// Instances of one agent.
    package var instancesPerAgentMax = 1_000
    /// Instances altogether.
    package var instancesMax = 100_000
    /// Capabilities of one agent.
    package var capabilitiesPerAgentMax = 256
    /// Bytes of an intent name or a version in a capability.
    package var capabilityBytesMax = 256
    /// Bytes of an agent name, an instance id, or a node id.
    package var nameBytesMax = 128
    /// How long a registration may live unless renewed, shortest and longest.
    package var timeToLiveMilliseconds: ClosedRange<Int64> = 1_000...600_000
    /// How long the name of an agent without instances stays its owner's, so that an outage is no chance for a
    /// takeover.
    package var ownershipNanoseconds: Int64 = 300_000_000_000
    /// The best priority of a registered agent; one that states a better (smaller) one gets this.
    package var registeredNodePriorityMin = AgentDefinition.nodePriorityDefault
    /// Whether a registered agent may answer every intent name (`*`), and so stand in for agents it knows nothing of.
    package var allowsRegisteredWildcard = false
    /// The service that registered instances must show to be, `{agent}` standing for the agent's name:
    /// `cluster.local/ns/agents/sa/{agent}`. Then they are called by https alone; nil asks for a certificate of the host.
    package var registeredPrincipal: String?
    /// Which addresses may be registered.
    package var addressRules = InstanceAddressRules()
    /// When instances are ejected.
    package var ejection = EjectionRules()

    /// The defaults above.
    package init() {}
}
