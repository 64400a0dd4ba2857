/// The directory's book-keeping as a state machine: what is registered by whom, and the snapshot that follows from it.
struct DirectoryState: Sendable {
    /// What a change did.
    enum Change: Sendable, Hashable {
        /// A new instance, or one that changed.
        case registered
        /// Only the time of leaving moved: the snapshot is the same.
        case renewed
    }

    private struct Ownership {
        let owner: String
        let untilNanoseconds: Int64
    }

    private(set) var directory = Directory()
    let limits: DirectoryLimits
    private var instanceCount = 0
    /// Names whose last instance left, kept for their owners for a while.
    private var vacantNames: [ExactText: Ownership] = [:]
    private var nextExpiryNanoseconds: Int64 = .max

    init(limits: DirectoryLimits) {
        self.limits = limits
    }

    // MARK: - Registration

    mutating func register(
        _ request: RegistrationRequest, nowNanoseconds now: Int64
    ) throws(RegistrationRefusal) -> Change {
        let url = try request.validated(limits: limits)
        let definition = request.definition.withPriority(noBetterThan: limits.registeredNodePriorityMin)
        let name = definition.name
        let current = directory.agent(named: name)
        try checkOwnership(name, current: current, owner: request.owner, nowNanoseconds: now)
        let expiresAt = now + request.timeToLiveMilliseconds * 1_000_000
        let known = current?.instances.first { ExactText($0.id) == ExactText(request.instanceId) }
        if let current, let known, known.url == url, current.definition == definition {
            known.state.noteRenewal(nowNanoseconds: now)
            // One that the shared store holds leaves by the store's clock.
            if known.expiresAtNanoseconds != nil {
                known.state.renew(expiresAtNanoseconds: expiresAt)
                expiryIsDue(atNanoseconds: expiresAt)
            }
            return .renewed
        }
        if known == nil { try checkRoom(current: current) }
        // Another address is another process: what was learnt about the old one does not hold for it.
        let state =
            known.flatMap { $0.url == url ? $0.state : nil }
            ?? InstanceState(expiresAtNanoseconds: expiresAt, rules: limits.ejection)
        if state.expiresAtNanoseconds != nil { state.renew(expiresAtNanoseconds: expiresAt) }
        state.noteRenewal(nowNanoseconds: now)
        let instance = AgentInstance(id: request.instanceId, url: url, owner: request.owner, state: state)
        var instances = (current?.instances ?? []).filter { ExactText($0.id) != ExactText(request.instanceId) }
        instances.append(instance)
        put(definition, source: .registration(owner: request.owner), instances: instances)
        vacantNames[ExactText(name)] = nil
        nextExpiryNanoseconds = min(nextExpiryNanoseconds, expiresAt)
        return .registered
    }

    mutating func deregister(
        agent name: String, instance id: String, owner: String, nowNanoseconds now: Int64
    ) throws(RegistrationRefusal) {
        guard let agent = directory.agent(named: name) else { throw .unknown(agent: name, instance: id) }
        try checkOwnership(name, current: agent, owner: owner, nowNanoseconds: now)
        let left = agent.instances.filter { ExactText($0.id) != ExactText(id) }
        guard left.count < agent.instances.count else { throw .unknown(agent: name, instance: id) }
        keep(left, of: agent, nowNanoseconds: now)
    }

    /// Takes out what was not renewed in time.
    ///
    /// - Returns: how many instances left.
    mutating func expire(nowNanoseconds now: Int64) -> Int {
        guard now >= nextExpiryNanoseconds else { return 0 }
        vacantNames = vacantNames.filter { $0.value.untilNanoseconds > now }
        let before = instanceCount
        nextExpiryNanoseconds = vacantNames.values.map(\.untilNanoseconds).min() ?? .max
        for agent in directory.allAgents where agent.source != .configuration {
            let left = agent.instances.filter { $0.state.isLive(nowNanoseconds: now) }
            for instance in left {
                nextExpiryNanoseconds = min(nextExpiryNanoseconds, instance.expiresAtNanoseconds ?? .max)
            }
            if left.count < agent.instances.count { keep(left, of: agent, nowNanoseconds: now) }
        }
        return before - instanceCount
    }

    // MARK: - Configuration

    /// Puts the agents of the configuration in the place of the former ones; instances that stay keep their health.
    ///
    /// - Returns: names of registered agents that had to give way.
    mutating func replaceConfigured(_ agents: [ConfiguredAgent]) throws(RegistrationRefusal) -> [String] {
        try checkConfigured(agents)
        var displaced: [String] = []
        let names = Set(agents.map { ExactText($0.definition.name) })
        for agent in directory.allAgents where agent.source == .configuration && !names.contains(ExactText(agent.name))
        {
            remove(agent)
        }
        for agent in agents {
            let current = directory.agent(named: agent.definition.name)
            if let current, current.source != .configuration {
                displaced.append(current.name)
                remove(current)
            }
            let known = current?.source == .configuration ? current?.instances ?? [] : []
            let instances = agent.instances.map { instance in
                let same = known.first { ExactText($0.id) == ExactText(instance.id) && $0.url == instance.url }
                return AgentInstance(
                    id: instance.id, url: instance.url, owner: nil,
                    state: same?.state ?? InstanceState(rules: limits.ejection))
            }
            vacantNames[ExactText(agent.definition.name)] = nil
            put(agent.definition, source: .configuration, instances: instances)
        }
        return displaced
    }

    private func checkConfigured(_ agents: [ConfiguredAgent]) throws(RegistrationRefusal) {
        var names: Set<ExactText> = []
        for agent in agents {
            let name = agent.definition.name
            guard names.insert(ExactText(name)).inserted else { throw .invalid("agent '\(name)' is defined twice") }
            guard !name.isEmpty, !agent.definition.capabilities.isEmpty else {
                throw .invalid("agent '\(name)' needs a name and at least one capability")
            }
            guard Set(agent.instances.map { ExactText($0.id) }).count == agent.instances.count else {
                throw .invalid("agent '\(name)' has two instances with one id")
            }
            guard agent.instances.count <= limits.instancesPerAgentMax else {
                throw .limitReached("agent '\(name)' has more than \(limits.instancesPerAgentMax) instances")
            }
        }
        guard agents.count <= limits.agentsMax else { throw .limitReached("more than \(limits.agentsMax) agents") }
    }

    // MARK: - Rules

    func checkOwnership(
        _ name: String, current: AgentRecord?, owner: String, nowNanoseconds now: Int64
    ) throws(RegistrationRefusal) {
        switch current?.source {
        case .configuration: throw .configured(agent: name)
        case .registration(let holder):
            guard ExactText(holder) == ExactText(owner) else { throw .ownedByAnother(agent: name) }
        case nil:
            guard let vacant = vacantNames[ExactText(name)], vacant.untilNanoseconds > now else { return }
            guard ExactText(vacant.owner) == ExactText(owner) else { throw .ownedByAnother(agent: name) }
        }
    }

    private func checkRoom(current: AgentRecord?) throws(RegistrationRefusal) {
        guard instanceCount < limits.instancesMax else {
            throw .limitReached("the directory holds \(limits.instancesMax) instances already")
        }
        if let current {
            guard current.instances.count < limits.instancesPerAgentMax else {
                throw .limitReached("agent '\(current.name)' has \(limits.instancesPerAgentMax) instances already")
            }
        } else {
            guard directory.agentCount < limits.agentsMax else {
                throw .limitReached("the directory holds \(limits.agentsMax) agents already")
            }
        }
    }

    // MARK: - Changes of the snapshot

    /// Leaves an agent with these instances; a registered agent without any goes, its name stays its owner's for a
    /// while.
    mutating func keep(_ instances: [AgentInstance], of agent: AgentRecord, nowNanoseconds now: Int64) {
        guard instances.isEmpty, case .registration(let owner) = agent.source else {
            put(agent.definition, source: agent.source, instances: instances)
            return
        }
        remove(agent)
        vacate(ExactText(agent.name), owner: owner, untilNanoseconds: now + limits.ownershipNanoseconds)
    }

    /// Keeps a name without instances for its owner.
    mutating func vacate(_ name: ExactText, owner: String, untilNanoseconds until: Int64) {
        guard vacantNames.count < limits.agentsMax else { return }
        vacantNames[name] = Ownership(owner: owner, untilNanoseconds: until)
        expiryIsDue(atNanoseconds: until)
    }

    mutating func forgetVacancy(_ name: ExactText) {
        vacantNames[name] = nil
    }

    mutating func expiryIsDue(atNanoseconds time: Int64) {
        nextExpiryNanoseconds = min(nextExpiryNanoseconds, time)
    }

    mutating func count(instances growth: Int) {
        instanceCount += growth
    }

    /// Whether so many more instances fit, with the agents that are about to come in.
    func hasRoom(for growth: Int, isNew: Bool, besides changes: [ExactText: AgentRecord?]) -> Bool {
        guard instanceCount + growth <= limits.instancesMax else { return false }
        return !isNew || directory.agentCount + changes.count < limits.agentsMax
    }

    mutating func replaceAll(_ changes: [ExactText: AgentRecord?]) {
        directory.replaceAll(changes)
    }

    private mutating func put(
        _ definition: AgentDefinition, source: AgentRecord.Source, instances: [AgentInstance]
    ) {
        let name = ExactText(definition.name)
        instanceCount += instances.count - (directory.agent(named: definition.name)?.instances.count ?? 0)
        let sorted = instances.sorted { ExactText($0.id) < ExactText($1.id) }
        directory.replace(name, with: AgentRecord(definition: definition, source: source, instances: sorted))
    }

    private mutating func remove(_ agent: AgentRecord) {
        instanceCount -= agent.instances.count
        directory.replace(ExactText(agent.name), with: nil)
    }
}
