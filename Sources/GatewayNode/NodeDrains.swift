import Observability
import RedisState
import Routing
import Synchronization

/// What operators drain: with the other nodes where there is a shared store, else on this node.
final class NodeDrains: Sendable {
    private let store: DirectoryStore
    private let shared: SharedDrains?
    /// The end of each mark of a node on its own, on the monotonic clock.
    private let own = Mutex<[DrainMarks.Mark: Int64]>([:])

    init(_ store: DirectoryStore, shared: SharedDrains?) {
        self.store = store
        self.shared = shared
    }

    func change(_ mark: DrainMarks.Mark, forMilliseconds milliseconds: Int64?) async -> SharedDrains.Reach {
        if let shared { return await shared.change(mark, forMilliseconds: milliseconds) }
        let now = Timestamp.monotonicNanoseconds()
        return own.withLock { own in
            guard milliseconds == nil || own[mark] != nil || own.count < DrainMarks.countMax else { return .full }
            own[mark] = milliseconds.map { now + $0 * 1_000_000 }
            store.drain(DrainMarks(own.keys))
            return .node
        }
    }

    /// Forgets marks whose time is over; for a timer.
    func expire(nowNanoseconds now: Int64) {
        guard shared == nil else { return }
        own.withLock { own in
            guard own.contains(where: { $0.value <= now }) else { return }
            own = own.filter { $0.value > now }
            store.drain(DrainMarks(own.keys))
        }
    }
}
