import IntentProtocol
import Routing
import Synchronization

/// What keeps a shared directory in step with the store.
extension SharedDirectory {
    /// Reads what changed, page by page; the first page is applied before the second is asked for.
    func pull() async {
        var hasMore = true
        while hasMore, !Task.isCancelled {
            let now = around.nowNanoseconds()
            let place = state.withLock { state in
                let place = state.machine.nextPlace(nowNanoseconds: now)
                if place.isLoading, place.change == 0 { state.loadBeganMilliseconds = now / 1_000_000 }
                return place
            }
            switch await share.pull(from: place) {
            case .success(let page): hasMore = apply(page)
            case .failure(let failure):
                hasMore = false
                let isNews = state.withLock { state in
                    state.figures.failures += 1
                    return state.machine.failed(nowNanoseconds: around.nowNanoseconds())
                }
                if isNews { onEvent(.lost(failure)) }
            }
        }
    }

    /// - Returns: whether there is more to pull.
    private func apply(_ page: SharePage) -> Bool {
        let now = around.nowNanoseconds()
        let (agents, unusable) = read(page.agents)
        let names = agents.map { ExactText($0.definition.name) }
        let outcome = state.withLock { $0.machine.arrived(page, names: names, nowNanoseconds: now) }
        let refused = store.applyShared(agents, absence: outcome.absence, nowNanoseconds: now)
        // What cannot be read may be an owner's agent that somebody spoilt: it goes, but not at once.
        let linger = now + timing.lingerMilliseconds * 1_000_000
        store.withdrawShared(unusable, absence: .lingers(untilNanoseconds: linger), nowNanoseconds: now)
        if let complete = outcome.complete {
            store.retainShared(
                named: complete.union(unusable), absence: outcome.absence, nowNanoseconds: around.nowNanoseconds())
        }
        let ended = around.nowMilliseconds
        state.withLock { state in
            state.machine.applied()
            state.figures.pulls += 1
            state.figures.agentsRead += page.agents.count
            state.figures.agentsWithoutRoom += refused
            guard outcome.complete != nil, let began = state.loadBeganMilliseconds else { return }
            state.figures.loads += 1
            state.figures.lastLoadMilliseconds = ended - began
        }
        if outcome.isFound { onEvent(.found) }
        return outcome.hasMore
    }

    /// Reads records by the rules of registration; each that breaks one is told once.
    private func read(_ stored: [StoredAgent]) -> (agents: [SharedAgent], unusable: Set<ExactText>) {
        var agents: [SharedAgent] = []
        agents.reserveCapacity(stored.count)
        var unusable: Set<ExactText> = []
        for agent in stored {
            // A name that was given up and forgotten meanwhile.
            if agent.record.isEmpty, agent.instances.isEmpty, agent.vacantForMilliseconds == 0 {
                unusable.insert(ExactText(String(decoding: agent.name, as: UTF8.self)))
                continue
            }
            var problem: String?
            do throws(RegistrationRefusal) {
                agents.append(
                    try AgentText.agent(agent, limits: limits) { id, reason in
                        problem = problem ?? "instance '\(id)': \(reason)"
                    })
            } catch {
                problem = error.intentError.message
                unusable.insert(ExactText(String(decoding: agent.name, as: UTF8.self)))
            }
            note(problem, of: agent)
        }
        return (agents, unusable)
    }

    private func note(_ problem: String?, of agent: StoredAgent) {
        let isNews = state.withLock { state in
            guard problem != nil else {
                if !state.rejected.isEmpty { state.rejected[agent.name] = nil }
                return false
            }
            guard state.rejected[agent.name] != agent else { return false }
            // More than that are not told apart any more; they are counted all the same.
            if state.rejected.count < 1_000 || state.rejected[agent.name] != nil { state.rejected[agent.name] = agent }
            state.figures.recordsRejected += 1
            return true
        }
        guard isNews, let problem else { return }
        onEvent(.recordRejected(agent: AgentText.printable(agent.name), reason: problem))
    }

    /// Writes what this node was told while the store was away; stops at the first that does not arrive.
    func writePending() async {
        let entries = state.withLock { $0.pending.due(nowNanoseconds: around.nowNanoseconds()) }
        var rest = entries[...]
        // The first one shows whether the store answers at all.
        var atOnce = 1
        while !rest.isEmpty, !Task.isCancelled {
            let batch = rest.prefix(atOnce)
            rest = rest.dropFirst(atOnce)
            atOnce = timing.writesAtOnce
            let arrived = await withTaskGroup(of: Bool.self) { group in
                for entry in batch { group.addTask { await self.write(entry) } }
                return await group.reduce(true) { $0 && $1 }
            }
            guard arrived else { return }
        }
    }

    private func write(_ entry: PendingRegistrations.Entry) async -> Bool {
        switch entry.change {
        case .put(let request, let until):
            let left = (until - around.nowNanoseconds()) / 1_000_000
            guard left > 0 else { break }
            switch await share.put(request, expiresInMilliseconds: left) {
            case .success(.registered), .success(.renewed): break
            case .success(.ownedByAnother), .success(.full): withdraw(request)
            case .failure: return false
            }
        case .remove(let owner):
            let (agent, instance) = (entry.key.agent.text, entry.key.instance.text)
            guard case .success = await share.remove(agent: agent, instance: instance, owner: owner) else {
                return false
            }
        }
        state.withLock { $0.pending.done(entry) }
        return true
    }

    private func withdraw(_ request: RegistrationRequest) {
        let (agent, instance) = (request.definition.name, request.instanceId)
        store.removeUnshared(agent: agent, instance: instance, nowNanoseconds: around.nowNanoseconds())
        onEvent(.registrationWithdrawn(agent: agent, instance: instance))
    }

    /// Ends the stand-in for a store that is away too long.
    func lapse() {
        let now = around.nowNanoseconds()
        guard state.withLock({ $0.machine.lapses(nowNanoseconds: now) }) else { return }
        store.retainShared(
            named: [], absence: .lingers(untilNanoseconds: now + timing.lapseMilliseconds * 1_000_000),
            nowNanoseconds: now)
        onEvent(.lapsed)
    }
}
