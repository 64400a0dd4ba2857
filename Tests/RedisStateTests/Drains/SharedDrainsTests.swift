import Routing
import Synchronization
import Testing

@testable import RedisState

@Suite("Drains that nodes share")
struct SharedDrainsTests {
    /// A store that answers, or does not, as told.
    private final class Share: DrainShare {
        struct State {
            var marks: [DrainMarks.Mark: Int64] = [:]
            var isAway = false
            var isFull = false
        }

        let state = Mutex(State())

        func change(
            _ mark: DrainMarks.Mark, forMilliseconds milliseconds: Int64?
        ) async -> Result<Bool, RedisFailure> {
            state.withLock { state in
                guard !state.isAway else { return .failure(.notConnected("away")) }
                guard !state.isFull else { return .success(false) }
                state.marks[mark] = milliseconds
                return .success(true)
            }
        }

        func marks() async -> Result<[DrainMarks.Mark: Int64], RedisFailure> {
            state.withLock { $0.isAway ? .failure(.notConnected("away")) : .success($0.marks) }
        }

        func notices() -> AsyncStream<ShareNotice> { AsyncStream { $0.finish() } }
    }

    private let now = Time()
    private let share = Share()

    private final class Time: Sendable {
        let nanoseconds = Atomic<Int64>(1_000_000_000)
        var surroundings: StoreSurroundings {
            StoreSurroundings(
                nowNanoseconds: { self.nanoseconds.load(ordering: .relaxed) }, sleep: { _ in }, random: { 7 })
        }
    }

    private func node() throws -> (SharedDrains, DirectoryStore) {
        let store = DirectoryStore()
        return (SharedDrains(store: store, share: share, surroundings: now.surroundings), store)
    }

    private let agent = DrainMarks.Mark(agent: "a")
    private let instance = DrainMarks.Mark(agent: "b", instance: "1")

    @Test("what one node drains is drained at the other one after its next look, and back again")
    func shared() async throws {
        let (one, own) = try node()
        let (other, theirs) = try node()
        #expect(await one.change(agent, forMilliseconds: 60_000) == .cluster)
        #expect(await one.change(instance, forMilliseconds: 60_000) == .cluster)
        #expect(own.drained.covers(agent: "a") && own.drained.covers(agent: "b", instance: "1"))
        await other.pull()
        #expect(theirs.drained.covers(agent: "a", instance: "any") && theirs.drained.covers(agent: "b", instance: "1"))
        #expect(!theirs.drained.covers(agent: "b", instance: "2") && !theirs.drained.covers(agent: "b"))
        #expect(await other.change(agent, forMilliseconds: nil) == .cluster)
        await one.pull()
        #expect(!own.drained.covers(agent: "a") && own.drained.covers(agent: "b", instance: "1"))
    }

    @Test("while the store is away a change holds here, and reaches the others when it is back")
    func away() async throws {
        let (one, own) = try node()
        let (other, theirs) = try node()
        #expect(await one.change(instance, forMilliseconds: 60_000) == .cluster)
        share.state.withLock { $0.isAway = true }
        #expect(await one.change(agent, forMilliseconds: 60_000) == .node)
        #expect(await one.change(instance, forMilliseconds: nil) == .node)
        await one.pull()
        #expect(own.drained.covers(agent: "a") && !own.drained.covers(agent: "b", instance: "1"))
        share.state.withLock { $0.isAway = false }
        await one.pull()
        await other.pull()
        #expect(theirs.drained == own.drained && theirs.drained.covers(agent: "a"))
        #expect(!theirs.drained.covers(agent: "b", instance: "1"))
    }

    @Test("a mark ends with its time, also while the store is away; a full store takes none")
    func ends() async throws {
        let (one, own) = try node()
        #expect(await one.change(agent, forMilliseconds: 1_000) == .cluster)
        share.state.withLock { $0.isAway = true }
        now.nanoseconds.wrappingAdd(1_001_000_000, ordering: .relaxed)
        await one.pull()
        #expect(own.drained.isEmpty)
        share.state.withLock { state in
            state.isAway = false
            state.isFull = true
        }
        #expect(await one.change(agent, forMilliseconds: 1_000) == .full)
        #expect(own.drained.isEmpty)
    }
}
