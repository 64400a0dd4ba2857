/// What an agent is: its name, its place in the order, and the intents it answers.
package struct AgentDefinition: Sendable, Hashable {
    /// The priority of agents that state none; smaller comes first.
    package static let nodePriorityDefault = 100

    /// What answers call the gateway itself: no agent's name.
    package static let reservedName = "gateway"

    /// Unique in the directory.
    package let name: String
    /// The node it lives on; nil or empty is this one, and local agents come before remote ones.
    package let nodeId: String?
    /// Its place among the local or the remote agents.
    package let nodePriority: Int
    /// What it answers; never empty in a directory.
    package let capabilities: [Capability]

    /// Makes a definition.
    package init(
        name: String, nodeId: String? = nil, nodePriority: Int = nodePriorityDefault, capabilities: [Capability]
    ) {
        self.name = name
        self.nodeId = nodeId
        self.nodePriority = nodePriority
        self.capabilities = capabilities
    }

    /// Whether it lives on another node.
    package var isRemote: Bool { nodeId.map { !$0.isEmpty } ?? false }

    /// Whether it answers the intent in that version; nil stands for one that nobody spells out.
    func covers(intent: ExactText?, version: ExactText?) -> Bool {
        capabilities.contains { $0.covers(intent: intent) && $0.covers(version: version) }
    }

    /// The same agent with a priority no better than this.
    func withPriority(noBetterThan best: Int) -> AgentDefinition {
        guard nodePriority < best else { return self }
        return AgentDefinition(name: name, nodeId: nodeId, nodePriority: best, capabilities: capabilities)
    }

    /// The order among agents of one source: local first, then by priority, then by name in code points.
    static func precedes(_ left: AgentDefinition, _ right: AgentDefinition) -> Bool {
        if left.isRemote != right.isRemote { return right.isRemote }
        if left.nodePriority != right.nodePriority { return left.nodePriority < right.nodePriority }
        return ExactText(left.name) < ExactText(right.name)
    }
}
