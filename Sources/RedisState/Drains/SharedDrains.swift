package import Routing
import Synchronization

/// What operators drain, for a whole cluster: every gateway knows it within a second, and those that start later know it too.
///
/// While Redis is away the last known marks hold until their end, and a change holds on this node at once and for the others
/// as soon as Redis can be told.
package final class SharedDrains: Sendable {
    /// Who knows of a change.
    package enum Reach: Sendable, Hashable {
        /// Every node of the cluster.
        case cluster
        /// This node alone; the others follow when Redis is back.
        case node
        /// Nobody: there are as many marks as there may be.
        case full
    }

    private struct State {
        /// The end of each mark on this node's monotonic clock.
        var known: [DrainMarks.Mark: Int64] = [:]
        /// What Redis could not be told yet: the end, or nil for a mark that was taken off.
        var untold: [DrainMarks.Mark: Int64?] = [:]
    }

    private static let pullNanoseconds: Int64 = 1_000_000_000

    private let store: DirectoryStore
    private let share: any DrainShare
    private let around: StoreSurroundings
    private let state = Mutex(State())
    private let alarm = Alarm()

    /// Makes the marks of a node; they are followed by ``run()``.
    package convenience init(
        store: DirectoryStore, commands: any RedisCommands, subscriptions: any RedisSubscriptions,
        names: KeyNames = KeyNames(), surroundings: StoreSurroundings
    ) {
        self.init(
            store: store,
            share: RedisDrainShare(commands: commands, subscriptions: subscriptions, names: names),
            surroundings: surroundings)
    }

    init(store: DirectoryStore, share: any DrainShare, surroundings: StoreSurroundings) {
        self.store = store
        self.share = share
        around = surroundings
    }

    /// Drains an agent or an instance for a time, or takes it back.
    ///
    /// - Parameter milliseconds: how long it holds; nil takes it back.
    package func change(_ mark: DrainMarks.Mark, forMilliseconds milliseconds: Int64?) async -> Reach {
        let end = milliseconds.map { around.nowNanoseconds() + $0 * 1_000_000 }
        let result = await share.change(mark, forMilliseconds: milliseconds)
        let reach: Reach =
            switch result {
            case .success(true): .cluster
            case .success(false): .full
            case .failure: .node
            }
        guard reach != .full else { return .full }
        state.withLock { state in
            state.known[mark] = end
            state.untold[mark] = reach == .node ? .some(end) : nil
        }
        apply()
        return reach
    }

    /// Follows the other nodes until its task is cancelled; to be called once.
    package func run() async {
        await withTaskGroup { group in
            group.addTask { await self.listen() }
            group.addTask { await self.follow() }
        }
    }

    private func listen() async {
        while !Task.isCancelled {
            for await notice in share.notices() {
                switch notice {
                case .listening, .changed: alarm.ring()
                case .lost: break
                }
            }
            await around.sleep(Self.pullNanoseconds)
        }
    }

    private func follow() async {
        while !Task.isCancelled {
            await pull()
            await alarm.sleep(nanoseconds: Self.pullNanoseconds, around)
        }
    }

    /// Tells Redis what it does not know yet, then reads what it knows.
    func pull() async {
        for (mark, end) in state.withLock({ $0.untold }) {
            let left = end.map { max(1, ($0 - around.nowNanoseconds()) / 1_000_000) }
            guard case .success = await share.change(mark, forMilliseconds: left) else { return forgetEnded() }
            state.withLock { state in
                if state.untold[mark] == .some(end) { state.untold[mark] = nil }
            }
        }
        guard case .success(let marks) = await share.marks() else { return forgetEnded() }
        let now = around.nowNanoseconds()
        state.withLock { state in
            let known = marks.mapValues { now + $0 * 1_000_000 }
            // A change that came meanwhile and that Redis was not told is newer than what it said.
            state.known = state.untold.reduce(into: known) { known, change in known[change.key] = change.value }
        }
        apply()
    }

    private func forgetEnded() {
        let now = around.nowNanoseconds()
        state.withLock { state in state.known = state.known.filter { $0.value > now } }
        apply()
    }

    private func apply() {
        // Under the lock, or an older reading could come after a newer one.
        state.withLock { state in store.drain(DrainMarks(state.known.keys)) }
    }
}
