package import Routing
import Synchronization

/// The agents of a cluster: what registers with one gateway is known to all of them.
///
/// Registrations are written through, so that Redis decides in one step who owns a name. Every gateway follows the changes:
/// told by a message, and once a second without one. Instances leave by Redis' clock, so that a node whose clock is wrong
/// does no harm. While Redis is away the last known directory stands and registrations are kept here.
package final class SharedDirectory: DirectoryRegistrar {
    struct State {
        var machine: SharedDirectoryState
        var pending: PendingRegistrations
        var figures = SharedDirectoryFigures()
        /// What was not used of which agent, so that it is told once.
        var rejected: [[UInt8]: StoredAgent] = [:]
        var loadBeganMilliseconds: Int64?
    }

    let store: DirectoryStore
    let share: any DirectoryShare
    let limits: DirectoryLimits
    let timing: SharedDirectoryTiming
    let around: StoreSurroundings
    let onEvent: @Sendable (SharedDirectoryEvent) -> Void
    let state: Mutex<State>
    private let alarm = Alarm()

    /// Makes a directory; it is filled by ``run()``.
    ///
    /// - Parameters:
    ///   - store: the directory that requests are routed by; its configured agents come before all others.
    ///   - limits: those of the store.
    package convenience init(
        store: DirectoryStore, commands: any RedisCommands, subscriptions: any RedisSubscriptions,
        names: KeyNames = KeyNames(), limits: DirectoryLimits = DirectoryLimits(),
        timing: SharedDirectoryTiming = SharedDirectoryTiming(), surroundings: StoreSurroundings,
        onEvent: @escaping @Sendable (SharedDirectoryEvent) -> Void = { _ in }
    ) {
        let share = RedisDirectoryShare(
            commands: commands, subscriptions: subscriptions, names: names, limits: limits,
            token: { surroundings.token() })
        self.init(
            store: store, share: share, limits: limits, timing: timing, surroundings: surroundings, onEvent: onEvent)
    }

    init(
        store: DirectoryStore, share: any DirectoryShare, limits: DirectoryLimits = DirectoryLimits(),
        timing: SharedDirectoryTiming = SharedDirectoryTiming(), surroundings: StoreSurroundings,
        onEvent: @escaping @Sendable (SharedDirectoryEvent) -> Void = { _ in }
    ) {
        self.store = store
        self.share = share
        self.limits = limits
        self.timing = timing
        self.onEvent = onEvent
        around = surroundings
        state = Mutex(
            State(
                machine: SharedDirectoryState(timing: timing),
                pending: PendingRegistrations(countMax: limits.instancesMax)))
    }

    /// How it stands, for metrics.
    package var figures: SharedDirectoryFigures {
        state.withLock { state in
            var figures = state.figures
            figures.isAway = state.machine.isAway
            figures.isComplete = state.machine.isComplete
            figures.pending = state.pending.count
            return figures
        }
    }

    /// Follows the other nodes until its task is cancelled; to be called once.
    package func run() async {
        await withTaskGroup { group in
            group.addTask { await self.listen() }
            group.addTask { await self.follow() }
        }
    }

    /// Reads all anew, as after a change of the configured agents, which may have hidden others or hide them no more.
    package func reload() {
        state.withLock { $0.machine.restart() }
        alarm.ring()
    }

    private func listen() async {
        while !Task.isCancelled {
            for await notice in share.notices() {
                switch notice {
                case .listening: reload()
                case .changed: alarm.ring()
                case .lost: break
                }
            }
            await around.sleep(1_000_000_000)
        }
    }

    private func follow() async {
        while !Task.isCancelled {
            await writePending()
            await pull()
            lapse()
            // One look answers all notices that came together.
            await around.sleep(timing.pullMillisecondsMin * 1_000_000)
            let wait = state.withLock { $0.machine.waitMilliseconds(nowNanoseconds: around.nowNanoseconds()) }
            let spread = Double(timing.pullMillisecondsMin) * around.jitter()
            let rest = max(wait - timing.pullMillisecondsMin, 0)
            await alarm.sleep(nanoseconds: rest * 1_000_000 + Int64(spread * 1_000_000), around)
        }
    }
}

// MARK: - Registration

extension SharedDirectory {
    package func register(
        _ request: RegistrationRequest, nowNanoseconds: Int64
    ) async throws(RegistrationRefusal) -> DirectoryStore.Registration {
        try store.check(request, nowNanoseconds: nowNanoseconds)
        let key = PendingRegistrations.Key(agent: request.definition.name, instance: request.instanceId)
        switch await put(request) {
        case .success(.registered):
            state.withLock { $0.pending.forget(key) }
            _ = try store.register(request, nowNanoseconds: nowNanoseconds)
            return .registered
        case .success(.renewed):
            state.withLock { $0.pending.forget(key) }
            _ = try store.register(request, nowNanoseconds: nowNanoseconds)
            return .renewed
        case .success(.ownedByAnother): throw .ownedByAnother(agent: request.definition.name)
        case .success(.full(let text)): throw .limitReached(text)
        case .failure:
            let outcome = try store.register(request, nowNanoseconds: nowNanoseconds)
            let until = nowNanoseconds + request.timeToLiveMilliseconds * 1_000_000
            state.withLock { $0.pending.note(.put(request, untilNanoseconds: until), key) }
            return outcome
        }
    }

    package func deregister(
        agent: String, instance: String, owner: String, nowNanoseconds: Int64
    ) async throws(RegistrationRefusal) {
        let key = PendingRegistrations.Key(agent: agent, instance: instance)
        switch await remove(agent, instance, owner) {
        case .success(.removed):
            state.withLock { $0.pending.forget(key) }
            // The notice of this very departure may have come first.
            try? store.deregister(agent: agent, instance: instance, owner: owner, nowNanoseconds: nowNanoseconds)
        case .success(.ownedByAnother): throw .ownedByAnother(agent: agent)
        case .success(.unknown):
            state.withLock { $0.pending.forget(key) }
            try store.deregister(agent: agent, instance: instance, owner: owner, nowNanoseconds: nowNanoseconds)
        case .failure:
            try store.deregister(agent: agent, instance: instance, owner: owner, nowNanoseconds: nowNanoseconds)
            state.withLock { $0.pending.note(.remove(owner: owner), key) }
        }
    }

    /// A store that is known to be away is not waited for by every heartbeat.
    private func put(_ request: RegistrationRequest) async -> Result<SharePut, RedisFailure> {
        guard !state.withLock({ $0.machine.isAway }) else { return .failure(.notConnected("away")) }
        return await share.put(request, expiresInMilliseconds: request.timeToLiveMilliseconds)
    }

    private func remove(
        _ agent: String, _ instance: String, _ owner: String
    ) async -> Result<ShareRemoval, RedisFailure> {
        guard !state.withLock({ $0.machine.isAway }) else { return .failure(.notConnected("away")) }
        return await share.remove(agent: agent, instance: instance, owner: owner)
    }
}
