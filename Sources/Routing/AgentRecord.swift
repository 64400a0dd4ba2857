/// An agent of one directory snapshot, with the instances that answer for it.
package final class AgentRecord: Sendable {
    /// Who put the agent into the directory.
    package enum Source: Sendable, Hashable {
        /// The configuration file: never expires, cannot be registered over.
        case configuration
        /// The registration API, by this principal, who alone may change it.
        case registration(owner: String)
    }

    /// What it is.
    package let definition: AgentDefinition
    /// Who put it there.
    package let source: Source
    /// Its instances, sorted by id; may be empty for a configured agent.
    package let instances: [AgentInstance]

    init(definition: AgentDefinition, source: Source, instances: [AgentInstance]) {
        self.definition = definition
        self.source = source
        self.instances = instances
    }

    /// The agent's name.
    package var name: String { definition.name }

    /// Whether an operator has drained every instance of it.
    var isDrained: Bool { !instances.isEmpty && instances.allSatisfy(\.state.isDrained) }

    /// Whether the configuration file names it.
    var isConfigured: Bool { source == .configuration }
}
