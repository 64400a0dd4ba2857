import Synchronization

@testable import RedisState

/// A node list in memory, on a clock of the test.
final class MemoryNodeShare: NodeShare {
    private struct State {
        var nodes: [String: (record: NodeRecord, until: Int64)] = [:]
        var failure: RedisFailure?
    }

    private let clock: TestClock
    private let state = Mutex(State())

    init(clock: TestClock) { self.clock = clock }

    func fail(_ failure: RedisFailure?) { state.withLock { $0.failure = failure } }
    func forgetAll() { state.withLock { $0.nodes = [:] } }

    func announce(_ record: NodeRecord, timeToLiveMilliseconds: Int64) async -> Result<[NodeRecord], RedisFailure> {
        let now = clock.milliseconds
        return state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            state.nodes[record.id] = (record, now + timeToLiveMilliseconds)
            state.nodes = state.nodes.filter { $0.value.until > now }
            return .success(state.nodes.values.map(\.record))
        }
    }

    func remove(id: String) async -> Result<Void, RedisFailure> {
        state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            state.nodes[id] = nil
            return .success(())
        }
    }
}
