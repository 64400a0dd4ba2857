import GatewayTesting
import RateLimiting
import Synchronization
import Testing

@Suite("Leases on several threads")
struct LeaseConcurrencyTests {
    /// A store whose clock stands still, so that every token is either spent, lost or still there.
    private struct StandingAuthority: BucketAuthority {
        let exact = ExactAuthority()

        func take(_ asks: [BucketAsk]) async -> AuthorityOutcome {
            await Task.yield()
            return exact.decide(asks, atMicroseconds: 1_000_000)
        }

        func probe() async -> Bool { true }
    }

    @Test("no token is spent twice and none is lost uncounted, whatever meets whatever", arguments: 1...3)
    func conserved(run: Int) async {
        // Every look at the clock moves it, so that leases are taken, run out and are given back.
        let ticks = Clock()
        let around = LeaseBook.Surroundings(
            nowNanoseconds: { ticks.next() }, sleep: { _ in await Task.yield() }, jitter: { 1 })
        let book = LeaseBook(hasher: BucketKeyHasher(secret: (1, 2)), surroundings: around)
        let authority = StandingAuthority()
        let limit = RateLimit(name: "l", capacityTokens: 100_000, ratePerMinute: 600_000)
        let other = RateLimit(name: "other", capacityTokens: 90_000, ratePerMinute: 60_000)
        let (hot, both) = (book.hasher.prepare(limit).demand(on: "k"), book.hasher.prepare(other).demand(on: "k"))
        let admitted = await withTaskGroup(of: (one: Int, both: Int).self) { group in
            for task in 0..<4 {
                group.addTask {
                    let store = LeasedBucketStore(book: book, authority: authority)
                    var count = (one: 0, both: 0)
                    for turn in 0..<40_000 {
                        let isBoth = turn % 4 == task
                        let demands = isBoth ? (task % 2 == 0 ? [hot, both] : [both, hot]) : [hot]
                        let outcome = await store.take(demands, nowNanoseconds: ticks.next())
                        guard outcome.isAdmitted else { continue }
                        if isBoth { count.both += 1 } else { count.one += 1 }
                    }
                    return count
                }
            }
            return await group.reduce((one: 0, both: 0)) { ($0.one + $1.one, $0.both + $1.both) }
        }
        let store = LeasedBucketStore(book: book, authority: authority)
        await store.giveEverythingBack()
        var left: [Int] = []
        for demand in [hot, both] {
            let rules = LeaseRules()
            let ask = BucketAsk(
                name: BucketName(limit: demand.limit.name, demand.fields),
                capacityTokens: rules.sharedCapacity(demand.limit), ratePerMinute: demand.limit.ratePerMinute,
                minimumTokens: 0, wantedTokens: 0)
            guard case .decided(let grants, _) = await authority.take([ask]) else { return }
            left.append(grants[0].remainingTokens)
        }
        let gauges = book.gauges()
        #expect(gauges.admitted == UInt64(admitted.one + admitted.both))
        #expect(gauges.leased > 10_000 && gauges.failures == 0)
        // Those of both limits together: capacities less what is left, less what was admitted, is what expired.
        let gone = 99_000 + 89_900 - left[0] - left[1]
        #expect(gone - admitted.one - 2 * admitted.both == Int(gauges.expired))
    }

    /// A clock that moves ten microseconds at every look.
    private final class Clock: Sendable {
        private let now = Atomic<Int64>(1_000_000_000)

        func next() -> Int64 { now.wrappingAdd(10_000, ordering: .relaxed).newValue }
    }
}
