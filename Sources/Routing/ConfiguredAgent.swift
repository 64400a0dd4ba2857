/// An agent of the configuration file, with its instances.
package struct ConfiguredAgent: Sendable, Hashable {
    /// An instance of the configuration file.
    package struct Instance: Sendable, Hashable {
        /// Unique within the agent.
        package let id: String
        /// Where it is called.
        package let url: InstanceURL

        /// Makes an instance; without an id the address is its name.
        package init(id: String? = nil, url: InstanceURL) {
            self.id = id ?? url.text
            self.url = url
        }
    }

    /// What it is.
    package let definition: AgentDefinition
    /// Where it is.
    package let instances: [Instance]

    /// Makes an agent.
    package init(definition: AgentDefinition, instances: [Instance]) {
        self.definition = definition
        self.instances = instances
    }
}
