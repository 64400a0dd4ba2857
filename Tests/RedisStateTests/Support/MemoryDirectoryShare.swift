import Routing
import Synchronization

@testable import RedisState

/// The agents of a cluster in memory, on a clock of the test; one instance stands for the Redis of a cluster.
final class MemoryDirectoryShare: DirectoryShare {
    struct State {
        struct Agent {
            var record: [UInt8]
            var owner: String
            var change: Int64
            var instances: [String: (value: [UInt8], until: Int64)] = [:]
            var vacantUntil: Int64?
        }

        var epoch = "first"
        var change: Int64 = 0
        var forgotten: Int64 = 0
        var agents: [String: Agent] = [:]
        var failure: RedisFailure?
        var listeners: [Int: AsyncStream<ShareNotice>.Continuation] = [:]
        var nextListener = 0
        var pageAgents = 100
        var pulledAgents = 0
    }

    private let clock: TestClock
    private let limits: DirectoryLimits
    private let state = Mutex(State())

    init(clock: TestClock, limits: DirectoryLimits = DirectoryLimits(), pageAgents: Int = 100) {
        self.clock = clock
        self.limits = limits
        state.withLock { $0.pageAgents = pageAgents }
    }

    func fail(_ failure: RedisFailure?) { state.withLock { $0.failure = failure } }
    /// What a restart without persistence does.
    func loseAll() {
        state.withLock { state in
            state.agents = [:]
            state.change = 0
            state.forgotten = 0
            state.epoch += "+"
        }
    }
    func spoil(_ agent: String, record: String) {
        change { state in
            state.agents[agent]?.record = Array(record.utf8)
            state.changed(agent)
        }
    }
    var pulledAgents: Int { state.withLock { $0.pulledAgents } }

    func put(_ request: RegistrationRequest, expiresInMilliseconds: Int64) async -> Result<SharePut, RedisFailure> {
        let now = clock.milliseconds
        let name = request.definition.name
        let record = AgentText.owner(request.owner) + AgentText.definition(request.definition)
        let value = AgentText.instance(timeToLiveMilliseconds: request.timeToLiveMilliseconds, url: request.url)
        return change { state in
            if let failure = state.failure { return .failure(failure) }
            if let agent = state.agents[name], agent.owner != request.owner {
                guard let until = agent.vacantUntil, until <= now else { return .success(.ownedByAnother) }
                state.agents[name] = nil
            }
            let known = state.agents[name]?.instances[request.instanceId]
            let all = state.agents.values.reduce(0) { $0 + $1.instances.count }
            if known == nil, all >= limits.instancesMax { return .success(.full("instances")) }
            let isSame = known?.value == value && state.agents[name]?.record == record
            var agent = state.agents[name] ?? State.Agent(record: record, owner: request.owner, change: 0)
            agent.record = record
            agent.instances[request.instanceId] = (value, now + expiresInMilliseconds)
            agent.vacantUntil = nil
            state.agents[name] = agent
            if !isSame { state.changed(name) }
            return .success(isSame ? .renewed : .registered)
        }
    }

    func remove(agent name: String, instance: String, owner: String) async -> Result<ShareRemoval, RedisFailure> {
        let now = clock.milliseconds
        return change { state in
            if let failure = state.failure { return .failure(failure) }
            guard let agent = state.agents[name] else { return .success(.unknown) }
            guard agent.owner == owner else { return .success(.ownedByAnother) }
            guard agent.instances[instance] != nil else { return .success(.unknown) }
            state.leave(name, instance, vacantUntil: now + limits.ownershipNanoseconds / 1_000_000)
            return .success(.removed)
        }
    }

    func pull(from place: SharePlace) async -> Result<SharePage, RedisFailure> {
        let now = clock.milliseconds
        return change { state in
            if let failure = state.failure { return .failure(failure) }
            if place.sweeps { state.sweep(now, limits) }
            let isRestart =
                place.epoch != state.epoch || place.change > state.change
                || (!place.isLoading && place.change < state.forgotten)
            let from = isRestart ? 0 : place.change
            let changed = state.agents.filter { $0.value.change > from }.sorted { $0.value.change < $1.value.change }
            let page = changed.prefix(state.pageAgents)
            state.pulledAgents += page.count
            let due = state.agents.values.flatMap { $0.instances.values.map(\.until) }.min()
            return .success(
                SharePage(
                    epoch: state.epoch, change: page.count < changed.count ? page.last!.value.change : state.change,
                    hasMore: page.count < changed.count, isRestart: isRestart,
                    nextDueMilliseconds: due.map { max($0 - now, 0) },
                    agents: page.map { name, agent in
                        StoredAgent(
                            name: Array(name.utf8), record: agent.record,
                            instances: agent.instances.map { (Array($0.key.utf8), $0.value.value) },
                            vacantForMilliseconds: agent.vacantUntil.map { max($0 - now, 0) } ?? 0)
                    }))
        }
    }

    func notices() -> AsyncStream<ShareNotice> {
        AsyncStream { continuation in
            let number = state.withLock { state in
                state.nextListener += 1
                state.listeners[state.nextListener] = continuation
                return state.nextListener
            }
            continuation.onTermination = { _ in self.state.withLock { $0.listeners[number] = nil } }
            continuation.yield(.listening)
        }
    }

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, listeners) = state.withLock { state in
            let before = state.change
            let value = body(&state)
            return (value, state.change == before ? [] : Array(state.listeners.values))
        }
        for listener in listeners { listener.yield(.changed) }
        return value
    }
}

extension MemoryDirectoryShare.State {
    mutating func changed(_ name: String) {
        change += 1
        agents[name]?.change = change
    }

    mutating func leave(_ name: String, _ instance: String, vacantUntil: Int64) {
        agents[name]?.instances[instance] = nil
        if agents[name]?.instances.isEmpty == true { agents[name]?.vacantUntil = vacantUntil }
        changed(name)
    }

    mutating func sweep(_ now: Int64, _ limits: DirectoryLimits) {
        for (name, agent) in agents {
            for (id, instance) in agent.instances where instance.until <= now {
                leave(name, id, vacantUntil: now + limits.ownershipNanoseconds / 1_000_000)
            }
            if let until = agent.vacantUntil, until <= now {
                forgotten = max(forgotten, agent.change)
                agents[name] = nil
            }
        }
    }
}
