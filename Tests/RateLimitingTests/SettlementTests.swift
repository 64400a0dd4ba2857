import GatewayTesting
import RateLimiting
import Testing

@Suite("Settlement: buckets that owe")
struct SettlementTests {
    @Test(
        "what is charged is paid by refill, to the nanosecond, and by a burst at most",
        arguments: [1, 7, 60, 100_000_000])
    func debt(rate: Int) {
        let limit = RateLimit(name: "r", capacityTokens: 10, ratePerMinute: rate)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 5)
        bucket.charge(13, limit: limit)
        #expect(bucket.units == -3 * Int128(TokenBucket.unitsPerToken))
        #expect(bucket.wholeTokens == 0 && bucket.holds(0) && !bucket.holds(1))
        let wait = bucket.nanosecondsUntilHolding(1, limit: limit, nowNanoseconds: 5)
        #expect(wait == (4 * 60_000_000_000 + Int64(rate) - 1) / Int64(rate))
        #expect(!bucket.refilled(for: limit, nowNanoseconds: 5 + wait - 1).holds(1))
        #expect(bucket.refilled(for: limit, nowNanoseconds: 5 + wait).holds(1))
        // Taking and looking pay nothing.
        bucket.spend(0)
        bucket.spend(4)
        #expect(bucket.units == -3 * Int128(TokenBucket.unitsPerToken))
        bucket.charge(.max, limit: limit)
        #expect(bucket.units == -10 * Int128(TokenBucket.unitsPerToken))
        // A burst that was made smaller forgives nothing that is owed.
        let small = RateLimit(name: "r", capacityTokens: 2, ratePerMinute: rate)
        bucket.charge(5, limit: small)
        #expect(bucket.units == -10 * Int128(TokenBucket.unitsPerToken))
        bucket.putBack(12, limit: limit)
        #expect(bucket.wholeTokens == 2)
    }

    @Test("the largest burst owes half of itself, and nothing overflows")
    func extremes() {
        let limit = RateLimit(name: "r", capacityTokens: .max, ratePerMinute: 1)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 7)
        bucket.charge(.max, limit: limit)
        #expect(bucket.units == -50_000_000 * Int128(TokenBucket.unitsPerToken))
        #expect(bucket.updatedNanoseconds == 7)
        #expect(bucket.nanosecondsUntilFull(limit: limit, nowNanoseconds: 7) == 9_000_000_000_000_000_000)
        #expect(bucket.refilled(for: limit, nowNanoseconds: .max).wholeTokens > 0)
    }

    @Test(
        "taken and charged less given back is at most burst + debt + rate × T in any interval",
        arguments: 1...40 as ClosedRange<UInt64>)
    func bound(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limit = RateLimit(name: "r", capacityTokens: 50, ratePerMinute: 600, isSettled: true)
        let fixture = StoreFixture()
        var booked: [(at: Int64, tokens: Int)] = []
        var pending: [(demand: BucketDemand, actual: Int)] = []
        var now: Int64 = 0
        for _ in 0..<600 {
            now += Int64.random(in: 0...200_000_000, using: &random)
            if Bool.random(using: &random) || pending.isEmpty {
                let demand = fixture.demand(limit, "k", cost: Int.random(in: 1...10, using: &random))
                guard fixture.store.takeNow(demand, nowNanoseconds: now).isAdmitted else { continue }
                booked.append((now, demand.cost))
                pending.append((demand, Int.random(in: 0...25, using: &random)))
            } else {
                let done = pending.remove(at: Int.random(in: pending.indices, using: &random))
                let before = level(fixture, limit, now)
                fixture.store.settle(
                    [BucketSettlement(demand: done.demand, actualCost: done.actual)], nowNanoseconds: now)
                // What really moved: a full bucket takes nothing more, and one that owes a burst is charged no more.
                booked.append((now, before - level(fixture, limit, now)))
            }
        }
        for first in booked.indices {
            var tokens = 0
            for last in first..<booked.count {
                tokens += booked[last].tokens
                let gained = Int((booked[last].at - booked[first].at) / 100_000_000)
                #expect(tokens <= limit.capacityTokens + limit.debtTokensMax + gained + 1)
            }
        }
    }

    /// The level in whole tokens, less than 0 while the bucket owes.
    private func level(_ fixture: StoreFixture, _ limit: RateLimit, _ now: Int64) -> Int {
        let state = fixture.store.takeNow(fixture.demand(limit, "k", cost: 0), nowNanoseconds: now).states[0]
        return limit.capacityTokens - Int((state.fullAfterNanoseconds + 99_999_999) / 100_000_000)
    }

    @Test(
        "a charge makes the bucket of a key that has none, in overflow where there is no room; what comes back makes none"
    )
    func strangers() {
        let fixture = StoreFixture(keysMax: 1)
        let five = RateLimit(name: "five", ratePerMinute: 5, isSettled: true)
        func settle(_ key: String, _ cost: Int) {
            fixture.store.settle(
                [BucketSettlement(demand: fixture.demand(five, key), actualCost: cost)], nowNanoseconds: 0)
        }
        settle("a", 0)
        #expect(fixture.store.gauges().liveKeys == 0)
        settle("a", 6)
        #expect(!fixture.take(five, "a").isAdmitted)
        settle("b", 6)
        #expect(fixture.store.gauges().liveKeys == 2)
        #expect(fixture.take(five, "c").states[0].sharesOverflow && !fixture.take(five, "c").isAdmitted)
        // Whose token it was in there, nobody knows.
        settle("b", 0)
        #expect(!fixture.take(five, "b").isAdmitted)
        let gauges = fixture.store.gauges()
        #expect(gauges.admitted == 0 && gauges.refused == 4)
        #expect(gauges.settled.reported == 4 && gauges.settled.unreported == 0)
        #expect(gauges.settled.chargedTokens == 10 && gauges.settled.creditedTokens == 2)
    }

    @Test("a limit that is settled is never leased, and keeps its whole burst")
    func notLeased() {
        let rules = LeaseRules()
        let limit = RateLimit(name: "l", ratePerMinute: 600_000)
        let settled = RateLimit(name: "l", ratePerMinute: 600_000, isSettled: true)
        #expect(rules.isLeasable(limit) && !rules.isLeasable(settled))
        #expect(rules.sharedCapacity(settled) == 600_000)
        let fixture = LeaseFixture()
        fixture.heat(fixture.demand(settled))
        #expect(fixture.book.gauges().leased == 0 && fixture.book.gauges().asked == 300)
    }
}
