import RateLimiting
import Testing

@Suite("Memory bucket store")
struct MemoryBucketStoreTests {
    private let five = RateLimit(name: "five", ratePerMinute: 5)
    private let two = RateLimit(name: "two", ratePerMinute: 2)

    @Test(
        "B16: decides as the bucket function does, over random keys, costs and times",
        arguments: 1...10 as ClosedRange<UInt64>)
    func differential(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let fixture = StoreFixture()
        let limit = RateLimit(name: "r", capacityTokens: 4, ratePerMinute: 60)
        var buckets: [Int: TokenBucket] = [:]
        var now: Int64 = 0
        for _ in 0..<5_000 {
            now += Int64.random(in: 0...second, using: &random)
            let key = Int.random(in: 0..<50, using: &random)
            let cost = Int.random(in: 0...5, using: &random)
            var bucket = buckets[key] ?? TokenBucket(full: limit, nowNanoseconds: now)
            let expected = bucket.take(cost: cost, limit: limit, nowNanoseconds: now)
            buckets[key] = bucket
            let admission = fixture.take(limit, "\(key)", cost: cost, at: now)
            #expect(admission.isAdmitted == isAdmitted(expected))
            if case .admitted(let remaining) = expected { #expect(admission.states[0].remainingTokens == remaining) }
            if case .refused(let wait?) = expected { #expect(admission.states[0].waitNanoseconds == wait) }
        }
    }

    @Test("a clock that goes back does not bring back a full bucket that left")
    func clockBack() {
        let fixture = StoreFixture()
        #expect(fixture.admitted(five, "k", attempts: 9) == 5)
        fixture.store.sweep(shardCount: 256, nowNanoseconds: 61 * second)
        #expect(fixture.store.gauges().liveKeys == 0)
        #expect(fixture.admitted(five, "k", attempts: 9, at: 1 * second) == 5)
        #expect(fixture.admitted(five, "k", attempts: 9, at: 61 * second) == 0)
        #expect(fixture.admitted(five, "k", attempts: 9, at: 73 * second) == 1)
    }

    @Test("keys and limits have buckets of their own")
    func ownBuckets() {
        let fixture = StoreFixture()
        #expect(fixture.admitted(five, "a", attempts: 9) == 5)
        #expect(fixture.admitted(five, "b", attempts: 9) == 5)
        #expect(fixture.admitted(two, "a", attempts: 9) == 2)
        let gauges = fixture.store.gauges()
        #expect(gauges.liveKeys == 3)
        #expect(gauges.admitted == 12)
        #expect(gauges.refused == 15)
    }

    @Test("B16: rate zero refuses, makes no bucket and promises nothing")
    func zeroRate() {
        let fixture = StoreFixture()
        let admission = fixture.take(RateLimit(name: "off", ratePerMinute: 0), "k")
        #expect(refusal(admission) == Refusal(retryAfterMilliseconds: nil, limiting: 0))
        #expect(fixture.store.gauges().liveKeys == 0)
    }

    @Test("several limits are taken together or not at all, in one order or the other", arguments: [[0, 1], [1, 0]])
    func allOrNothing(order: [Int]) {
        let fixture = StoreFixture()
        let pair = [fixture.demand(five, "t"), fixture.demand(two, "u")]
        let demands = order.map { pair[$0] }
        for _ in 0..<2 { #expect(fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted) }
        let refused = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(refusal(refused) == Refusal(retryAfterMilliseconds: 30_000, limiting: order[0] == 0 ? 1 : 0))
        // Nothing was taken from the limit that would have admitted.
        #expect(fixture.admitted(five, "t", attempts: 9) == 3)
    }

    @Test("a refusal tells when all limits admit, and names the one with the longest wait")
    func longestWait() {
        let fixture = StoreFixture()
        let fast = RateLimit(name: "fast", capacityTokens: 1, ratePerMinute: 60)
        let slow = RateLimit(name: "slow", capacityTokens: 1, ratePerMinute: 7)
        let demands = [fixture.demand(fast, "k"), fixture.demand(slow, "k"), fixture.demand(five, "k")]
        #expect(fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted)
        let refused = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(refusal(refused) == Refusal(retryAfterMilliseconds: 8_572, limiting: 1))
        #expect(refused.states.map(\.verdict) == [.refuses, .refuses, .admits])
        #expect(!fixture.store.takeNow(demands, nowNanoseconds: 8_571_000_000).isAdmitted)
        #expect(fixture.store.takeNow(demands, nowNanoseconds: 8_572_000_000).isAdmitted)
    }

    @Test("a refused call with a new key leaves no bucket behind")
    func refusedLeavesNothing() {
        let fixture = StoreFixture()
        #expect(fixture.admitted(two, "k", attempts: 2) == 2)
        let demands = [fixture.demand(five, "new"), fixture.demand(two, "k")]
        for _ in 0..<10 { #expect(!fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted) }
        #expect(fixture.store.gauges().liveKeys == 1)
    }

    @Test("a cost above the burst is refused for good, one within it takes so many")
    func costs() {
        let fixture = StoreFixture()
        #expect(refusal(fixture.take(five, "k", cost: 6)) == Refusal(retryAfterMilliseconds: nil, limiting: 0))
        #expect(fixture.take(five, "k", cost: 6).states[0].verdict == .refusesForGood)
        #expect(fixture.take(five, "k", cost: 4).isAdmitted)
        #expect(refusal(fixture.take(five, "k", cost: 2)) == Refusal(retryAfterMilliseconds: 12_000, limiting: 0))
        #expect(fixture.take(five, "k", cost: 1).isAdmitted)
        #expect(refusal(fixture.take(five, "k", cost: .max)) == Refusal(retryAfterMilliseconds: nil, limiting: 0))
        #expect(fixture.take(five, "k", cost: 0).isAdmitted)
        #expect(fixture.take(five, "k", cost: -3).states[0].remainingTokens == 0)
    }

    @Test("a shadow limit counts and never refuses, nor spends what it does not hold")
    func shadow() {
        let fixture = StoreFixture()
        let shadow = RateLimit(name: "shadow", ratePerMinute: 2, shadow: true)
        let demands = [fixture.demand(shadow, "k"), fixture.demand(five, "k")]
        let results = (0..<7).map { _ in fixture.store.takeNow(demands, nowNanoseconds: 0) }
        #expect(results.map(\.isAdmitted) == [true, true, true, true, true, false, false])
        #expect(results.map { $0.states[0].isShadowRefusal } == [false, false, true, true, true, true, true])
        #expect(fixture.store.gauges().shadowRefused == 5)
        #expect(fixture.take(shadow, "other").isAdmitted)
        #expect(fixture.take(RateLimit(name: "s0", ratePerMinute: 0, shadow: true), "k").isAdmitted)
    }

    @Test("two demands on one bucket add up", arguments: [false, true])
    func twins(exists: Bool) {
        let fixture = StoreFixture()
        if exists { #expect(fixture.take(five, "k").isAdmitted) }
        let demands = [fixture.demand(five, "k", cost: 2), fixture.demand(five, "k", cost: 2)]
        #expect(fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted)
        #expect(fixture.store.gauges().liveKeys == 1)
        #expect(fixture.admitted(five, "k", attempts: 5) == (exists ? 0 : 1))
        #expect(!fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted)
        #expect(fixture.store.gauges().liveKeys == 1)
        let tooMuch = [fixture.demand(five, "n", cost: 3), fixture.demand(five, "n", cost: 3)]
        let refused = fixture.store.takeNow(tooMuch, nowNanoseconds: 0)
        #expect(refusal(refused)?.retryAfterMilliseconds == nil)
    }

    @Test("no limit admits")
    func noLimit() async {
        let store: any BucketStore = StoreFixture().store
        #expect(await store.take([], nowNanoseconds: 0) == .decided(.admitted(BucketStates())))
    }

    @Test("a limit that changes keeps its live buckets")
    func changedLimit() {
        let fixture = StoreFixture()
        #expect(fixture.admitted(RateLimit(name: "r", ratePerMinute: 10), "k", attempts: 10) == 10)
        #expect(fixture.admitted(RateLimit(name: "r", ratePerMinute: 1_000), "k", attempts: 10) == 0)
    }

    private struct Refusal: Equatable {
        let retryAfterMilliseconds: Int64?
        let limiting: Int
    }

    private func refusal(_ admission: Admission) -> Refusal? {
        guard case .refused(_, let retry, let limiting) = admission else { return nil }
        return Refusal(retryAfterMilliseconds: retry, limiting: limiting)
    }
}
