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

        /// Tokens in all of these buckets.
        func left(_ demands: [BucketDemand]) async -> Int {
            let asks = demands.map { demand in
                BucketAsk(
                    name: BucketName(limit: demand.limit.name, demand.fields),
                    capacityTokens: LeaseRules().sharedCapacity(demand.limit),
                    ratePerMinute: demand.limit.ratePerMinute, minimumTokens: 0, wantedTokens: 0)
            }
            guard case .decided(let grants, _) = await take(asks) else { return 0 }
            return grants.reduce(0) { $0 + $1.remainingTokens }
        }
    }

    @Test("B15: no token is spent twice and none is lost uncounted, whatever meets whatever", arguments: 1...3)
    func conserved(run: Int) async {
        // Every look at the clock moves it, so that leases are taken, run out and are given back.
        let ticks = Clock()
        let around = LeaseBook.Surroundings(
            nowNanoseconds: { ticks.next() }, sleep: { _ in await Task.yield() }, jitter: { 1 })
        let book = LeaseBook(hasher: BucketKeyHasher(secret: (1, 2)), surroundings: around)
        let authority = StandingAuthority()
        let limit = RateLimit(name: "l", capacityTokens: 100_000, ratePerMinute: 600_000)
        let other = RateLimit(name: "other", capacityTokens: 90_000, ratePerMinute: 60_000)
        let (prepared, both) = (book.hasher.prepare(limit), book.hasher.prepare(other).demand(on: "k"))
        let hot = prepared.demand(on: "k")
        let admitted = await withTaskGroup(of: (requests: Int, tokens: Int).self) { group in
            for task in 0..<4 {
                group.addTask {
                    let store = LeasedBucketStore(book: book, authority: authority)
                    var count = (requests: 0, tokens: 0)
                    for turn in 0..<40_000 {
                        let isBoth = turn % 4 == task
                        // Some cost more than a lease may hold.
                        let cost = turn % 500 == 0 ? 900 : 1 + turn % 3
                        let one = prepared.demand(on: "k", cost: cost)
                        let demands = isBoth ? (task % 2 == 0 ? [one, both] : [both, one]) : [one]
                        let outcome = await store.take(demands, nowNanoseconds: ticks.next())
                        guard outcome.isAdmitted else { continue }
                        count.requests += 1
                        count.tokens += isBoth ? cost + 1 : cost
                    }
                    return count
                }
            }
            return await group.reduce((requests: 0, tokens: 0)) { ($0.requests + $1.requests, $0.tokens + $1.tokens) }
        }
        #expect(book.gauges().admitted == UInt64(admitted.requests))
        #expect(book.gauges().leased > 10_000 && book.gauges().failures == 0)
        // What is left in the capacities and was not admitted has expired, once the last background work has ended.
        let store = LeasedBucketStore(book: book, authority: authority)
        let capacities = [hot, both].map { LeaseRules().sharedCapacity($0.limit) }
        let end = ContinuousClock.now + .seconds(10)
        var (missing, expired) = (Int.min, 0)
        while missing != expired, ContinuousClock.now < end {
            await store.giveEverythingBack()
            await Task.yield()
            expired = Int(book.gauges().expired)
            missing = await capacities.reduce(0, +) - authority.left([hot, both]) - admitted.tokens
        }
        #expect(missing == expired)
    }

    /// A clock that moves ten microseconds at every look.
    private final class Clock: Sendable {
        private let now = Atomic<Int64>(1_000_000_000)

        func next() -> Int64 { now.wrappingAdd(10_000, ordering: .relaxed).newValue }
    }
}
