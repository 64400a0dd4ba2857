/// A registered agent as all gateways of a cluster see it; only what keeps the rules of registration becomes one.
package struct SharedAgent: Sendable, Hashable {
    /// One process that answers for it.
    package struct Instance: Sendable, Hashable {
        /// Unique within the agent.
        package let id: String
        /// Where it is called.
        package let url: InstanceURL
    }

    /// What it is.
    package let definition: AgentDefinition
    /// The principal that registered it and alone may change it.
    package let owner: String
    /// Those alive; none when the name is only kept for its owner.
    package let instances: [Instance]
    /// How long a name without instances is kept for its owner.
    package let vacantForMilliseconds: Int64

    /// Makes an agent of what a store holds, by the rules and limits of registration.
    ///
    /// - Parameters:
    ///   - instances: ids and addresses as they are stored.
    ///   - vacantForMilliseconds: how much longer a name without instances is kept for its owner.
    ///   - refused: told of each instance that is left out, and why.
    /// - Throws: when the agent itself breaks a rule; none of it is used then.
    package init(
        definition: AgentDefinition, owner: String, instances: [(id: String, url: String)],
        vacantForMilliseconds: Int64 = 0, limits: DirectoryLimits,
        refused: (_ id: String, RegistrationRefusal) -> Void
    ) throws(RegistrationRefusal) {
        try RegistrationRequest.check(definition, owner: owner, limits: limits)
        self.definition = definition
        self.owner = owner
        self.vacantForMilliseconds = vacantForMilliseconds
        var kept: [Instance] = []
        kept.reserveCapacity(min(instances.count, limits.instancesPerAgentMax))
        for instance in instances {
            do throws(RegistrationRefusal) {
                guard kept.count < limits.instancesPerAgentMax else {
                    throw .limitReached("more than \(limits.instancesPerAgentMax) instances")
                }
                let url = try RegistrationRequest.checkInstance(
                    id: instance.id, of: definition.name, url: instance.url, limits: limits)
                kept.append(Instance(id: instance.id, url: url))
            } catch {
                refused(instance.id, error)
            }
        }
        self.instances = kept
    }
}
