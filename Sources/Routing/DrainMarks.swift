/// What an operator has taken out of service: whole agents, and single instances, whether they are registered or not.
package struct DrainMarks: Sendable, Hashable {
    /// An agent, or one instance of it.
    package struct Mark: Sendable, Hashable {
        /// The agent's name.
        package let agent: String
        /// nil for all of its instances.
        package let instance: String?

        /// Makes a mark.
        package init(agent: String, instance: String? = nil) {
            self.agent = agent
            self.instance = instance
        }
    }

    /// The most marks at the same time.
    package static let countMax = 10_000

    private var instancesOf: [ExactText: Set<ExactText>] = [:]
    private var wholeAgents: Set<ExactText> = []

    /// None.
    package init() {}

    /// Those given, as far as there is room.
    package init(_ marks: some Sequence<Mark>) {
        for mark in marks.prefix(Self.countMax) {
            if let instance = mark.instance {
                instancesOf[ExactText(mark.agent), default: []].insert(ExactText(instance))
            } else {
                wholeAgents.insert(ExactText(mark.agent))
            }
        }
    }

    /// Whether nothing is drained.
    package var isEmpty: Bool { instancesOf.isEmpty && wholeAgents.isEmpty }

    /// Whether the agent as a whole is drained.
    package func covers(agent: String) -> Bool { wholeAgents.contains(ExactText(agent)) }

    /// Whether the instance is drained, by itself or with its agent.
    package func covers(agent: String, instance: String) -> Bool {
        covers(agent: agent) || instancesOf[ExactText(agent)]?.contains(ExactText(instance)) == true
    }

    /// Tells the instances of the marked agents how they stand; the others are not looked at.
    func apply(to directory: Directory) {
        for name in agentNames { apply(to: directory, agent: name) }
    }

    /// Takes the place of other marks: those that are over are taken off.
    func apply(to directory: Directory, inPlaceOf former: DrainMarks) {
        for name in agentNames.union(former.agentNames) { apply(to: directory, agent: name) }
    }

    private var agentNames: Set<ExactText> { wholeAgents.union(instancesOf.keys) }

    private func apply(to directory: Directory, agent name: ExactText) {
        for instance in directory.agent(named: name.text)?.instances ?? [] {
            instance.state.drain(covers(agent: name.text, instance: instance.id))
        }
    }
}
