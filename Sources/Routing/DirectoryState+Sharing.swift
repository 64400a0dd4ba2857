/// The changes that come from the other nodes.
extension DirectoryState {
    func check(_ request: RegistrationRequest, nowNanoseconds now: Int64) throws(RegistrationRefusal) {
        _ = try request.validated(limits: limits)
        let name = request.definition.name
        try checkOwnership(name, current: directory.agent(named: name), owner: request.owner, nowNanoseconds: now)
    }

    /// - Returns: how many agents found no room.
    mutating func applyShared(
        _ agents: [SharedAgent], absence: DirectoryStore.Absence, nowNanoseconds now: Int64
    ) -> Int {
        var changes: [ExactText: AgentRecord?] = [:]
        var refused = 0
        for agent in agents {
            let name = ExactText(agent.definition.name)
            // Another node may have taken it by other rules.
            let definition = agent.definition.withPriority(noBetterThan: limits.registeredNodePriorityMin)
            // Before the change of this very call is in, the directory does not show it.
            let current = changes[name] ?? directory.agent(named: agent.definition.name)
            guard current?.source != .configuration else { continue }
            let instances = merged(agent, with: current, absence: absence)
            let isSame = current.map { hasSame(definition, agent.owner, instances, as: $0) } ?? instances.isEmpty
            if instances.isEmpty {
                let left = min(max(agent.vacantForMilliseconds, 0), limits.ownershipNanoseconds / 1_000_000) * 1_000_000
                vacate(name, owner: agent.owner, untilNanoseconds: now + left)
            }
            guard !isSame else { continue }
            let growth = instances.count - (current?.instances.count ?? 0)
            let isNew = current == nil
            guard growth <= 0 || hasRoom(for: growth, isNew: isNew, besides: changes) else {
                refused += 1
                continue
            }
            count(instances: growth)
            changes[name] = .some(
                instances.isEmpty
                    ? nil
                    : AgentRecord(
                        definition: definition, source: .registration(owner: agent.owner),
                        instances: instances.sorted { ExactText($0.id) < ExactText($1.id) }))
            if !instances.isEmpty { forgetVacancy(name) }
        }
        replaceAll(changes)
        return refused
    }

    mutating func retainShared(
        named names: Set<ExactText>, absence: DirectoryStore.Absence, nowNanoseconds now: Int64
    ) {
        let absent = directory.allAgents.lazy.map { ExactText($0.name) }.filter { !names.contains($0) }
        withdrawShared(Set(absent), absence: absence, nowNanoseconds: now)
    }

    mutating func withdrawShared(
        _ names: Set<ExactText>, absence: DirectoryStore.Absence, nowNanoseconds now: Int64
    ) {
        for name in names {
            guard let agent = directory.agent(named: name.text), agent.source != .configuration else { continue }
            let left = agent.instances.filter { stays($0, absence) }
            if left.count < agent.instances.count { keep(left, of: agent, nowNanoseconds: now) }
        }
    }

    mutating func removeUnshared(agent name: String, instance id: String, nowNanoseconds now: Int64) {
        guard let agent = directory.agent(named: name), agent.source != .configuration else { return }
        let left = agent.instances.filter { ExactText($0.id) != ExactText(id) }
        if left.count < agent.instances.count { keep(left, of: agent, nowNanoseconds: now) }
    }

    /// The instances that the store names, and those of ours that it does not know yet or may have lost.
    private mutating func merged(
        _ agent: SharedAgent, with current: AgentRecord?, absence: DirectoryStore.Absence
    ) -> [AgentInstance] {
        var known: [ExactText: AgentInstance] = [:]
        // Another owner's instances are not this agent's: the store decided who owns the name.
        if let current, current.source == .registration(owner: agent.owner) {
            for instance in current.instances { known[ExactText(instance.id)] = instance }
        }
        var instances: [AgentInstance] = []
        instances.reserveCapacity(agent.instances.count)
        for instance in agent.instances {
            if let same = known.removeValue(forKey: ExactText(instance.id)), same.url == instance.url {
                same.state.renew(expiresAtNanoseconds: .max)
                instances.append(same)
            } else {
                instances.append(
                    AgentInstance(
                        id: instance.id, url: instance.url, owner: agent.owner,
                        state: InstanceState(rules: limits.ejection)))
            }
        }
        for instance in known.values where stays(instance, absence) { instances.append(instance) }
        return instances
    }

    /// Whether an instance stays that the store does not name.
    private mutating func stays(_ instance: AgentInstance, _ absence: DirectoryStore.Absence) -> Bool {
        // One with a time of its own is known to this node alone; its time is its end.
        if instance.expiresAtNanoseconds != nil { return true }
        switch absence {
        case .leaves: return false
        case .lingers(let until):
            instance.state.renew(expiresAtNanoseconds: until)
            expiryIsDue(atNanoseconds: until)
            return true
        }
    }

    private func hasSame(
        _ definition: AgentDefinition, _ owner: String, _ instances: [AgentInstance], as current: AgentRecord
    ) -> Bool {
        guard current.definition == definition, current.source == .registration(owner: owner),
            current.instances.count == instances.count
        else { return false }
        // Most changes name an agent whose other instances are as they were.
        let states = Set(instances.map { ObjectIdentifier($0.state) })
        return current.instances.allSatisfy { states.contains(ObjectIdentifier($0.state)) }
    }
}
