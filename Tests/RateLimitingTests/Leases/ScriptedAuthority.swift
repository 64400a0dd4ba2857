import GatewayTesting
import RateLimiting
import Synchronization

/// An exact store behind a way that the test governs: how long it is, whether it is cut, and what has gone over it.
final class ScriptedAuthority: BucketAuthority {
    struct State {
        var latencyNanoseconds: Int64 = 1_000_000
        var isCut = false
        /// Whether leases ahead of use get an answer that is none; those of requests are decided.
        var isBabbling = false
        var calls: [[BucketAsk]] = []
        var probes = 0
        var leasesInFlight = 0
        var leasesInFlightMax = 0
    }

    static let budgetNanoseconds: Int64 = 10_000_000

    let world: SimulatedTime
    let exact = ExactAuthority()
    private let state = Mutex(State())

    init(_ world: SimulatedTime) { self.world = world }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    func read<R>(_ body: (State) -> R) -> R { state.withLock { body($0) } }

    /// Calls made since the last look.
    func takeCalls() -> [[BucketAsk]] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }

    func take(_ asks: [BucketAsk]) async -> AuthorityOutcome {
        let isLease = asks.contains { $0.wantedTokens > $0.minimumTokens }
        let (latency, isCut) = state.withLock { state in
            state.calls.append(asks)
            if isLease { state.leasesInFlight += 1 }
            state.leasesInFlightMax = max(state.leasesInFlightMax, state.leasesInFlight)
            return (state.latencyNanoseconds, state.isCut)
        }
        defer { if isLease { state.withLock { $0.leasesInFlight -= 1 } } }
        guard !isCut else {
            await world.sleep(Self.budgetNanoseconds)
            return .unavailable("no answer")
        }
        await world.sleep(latency / 2)
        let outcome = exact.decide(asks, atMicroseconds: world.nowNanoseconds / 1_000)
        await world.sleep(latency - latency / 2)
        return read(\.isBabbling) && asks.allSatisfy { $0.minimumTokens == 0 }
            ? .decided([], atMicroseconds: 1) : outcome
    }

    func probe() async -> Bool {
        state.withLock { $0.probes += 1 }
        await world.sleep(1_000_000)
        return !read(\.isCut)
    }
}
