import RateLimiting
import Testing

@Suite("Token bucket")
struct TokenBucketTests {
    @Test("decides every step of the Python package's traces as it does", arguments: try RateLimiterVectors.load())
    func vectors(_ vector: RateLimiterVectors.Case) {
        // Keys are bytes: to Swift's String the two keys of `unicode_key` would be one.
        var buckets: [[UInt8]: TokenBucket] = [:]
        var previous = Int64.min
        var clockWentBack = false
        for (place, step) in vector.steps.enumerated() {
            let now = step.nanoseconds
            // A clock that goes back takes tokens away there and must not here (C20): in `random/5` the levels differ
            // from step 18 on, by what was taken; no decision differs.
            clockWentBack = clockWentBack || now < previous
            previous = now
            let limit = RateLimit(name: "r", ratePerMinute: step.rate)
            let key = Array(step.key.utf8)
            var bucket = buckets[key] ?? TokenBucket(full: limit, nowNanoseconds: now)
            let decision = bucket.take(limit: limit, nowNanoseconds: now)
            buckets[key] = bucket
            #expect(isAdmitted(decision) == step.allowed, "step \(place)")
            guard let expected = step.tokensAfter, step.rate > 0 else { continue }
            let level = Double(bucket.units) / Double(TokenBucket.unitsPerToken)
            if clockWentBack {
                #expect(vector.id == "random/5" && place >= 18 && level >= expected - 1e-3, "step \(place)")
            } else {
                #expect(abs(level - expected) < 1e-3, "step \(place)")
            }
        }
    }

    @Test(
        "B13: any interval admits at most burst + rate × T, counted in integers",
        arguments: 1...60 as ClosedRange<UInt64>)
    func neverMore(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limit = randomLimit(&random)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 0)
        var admitted: [(at: Int64, cost: Int)] = []
        var now: Int64 = 0
        var latest: Int64 = 0
        for _ in 0..<400 {
            now += Int64.random(in: 0...(120 * second / Int64(max(limit.capacityTokens, 1)) + 2), using: &random)
            // The clock shown to the bucket may go back; the bucket must not be fooled into refilling twice. Intervals
            // are counted on the latest time it was shown.
            let clock = Int.random(in: 0..<10, using: &random) == 0 ? max(0, now - second) : now
            let cost = Int.random(in: 1...max(1, min(limit.capacityTokens, 4)), using: &random)
            latest = max(latest, clock)
            if isAdmitted(bucket.take(cost: cost, limit: limit, nowNanoseconds: clock)) {
                admitted.append((latest, cost))
            }
        }
        for first in admitted.indices {
            var tokens = 0
            for last in first..<admitted.count {
                tokens += admitted[last].cost
                let interval = UInt128(UInt64(admitted[last].at - admitted[first].at))
                let bound = units(limit.capacityTokens) + interval * UInt128(UInt64(limit.ratePerMinute))
                #expect(units(tokens) <= bound)
            }
        }
        #expect(!admitted.isEmpty)
    }

    @Test("B13: maximal use reaches burst + rate × T exactly", arguments: 1...60 as ClosedRange<UInt64>)
    func noLess(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limit = randomLimit(&random, capacityMax: 2_000)
        let start = Int64.random(in: 0...(1_000_000 * second), using: &random)
        var bucket = TokenBucket(full: limit, nowNanoseconds: start)
        var now = start
        var admitted = 0
        var steps = 0
        while steps < 3_000 {
            steps += 1
            switch bucket.take(limit: limit, nowNanoseconds: now) {
            case .admitted: admitted += 1
            case .refused(let wait?):
                #expect(wait > 0)
                now += wait
            case .refused(nil): Issue.record("a limit with a rate always says when")
            }
        }
        let gained = UInt128(UInt64(now - start)) * UInt128(UInt64(limit.ratePerMinute))
        let exact = limit.capacityTokens + Int(gained / UInt128(TokenBucket.unitsPerToken))
        // The last token may be due and not yet taken when the steps run out.
        let untaken = bucket.refilled(for: limit, nowNanoseconds: now).wholeTokens
        #expect(admitted + untaken == exact)
    }

    @Test(
        "the wait it states is exact: one nanosecond earlier refuses, then admits",
        arguments: [1, 7, 60, 999, 100_000_000])
    func waitIsExact(rate: Int) {
        let limit = RateLimit(name: "r", capacityTokens: 3, ratePerMinute: rate)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 5)
        #expect(bucket.take(cost: 3, limit: limit, nowNanoseconds: 5) == .admitted(remainingTokens: 0))
        guard case .refused(let wait?) = bucket.take(cost: 2, limit: limit, nowNanoseconds: 5) else {
            Issue.record("an empty bucket refuses and says when")
            return
        }
        var early = bucket
        #expect(early.take(cost: 2, limit: limit, nowNanoseconds: 5 + wait - 1) == .refused(retryAfterNanoseconds: 1))
        #expect(isAdmitted(bucket.take(cost: 2, limit: limit, nowNanoseconds: 5 + wait)))
    }

    @Test("a thousand small steps bring what one long step brings")
    func noDrift() {
        let limit = RateLimit(name: "r", ratePerMinute: 7)
        var stepped = TokenBucket(full: limit, nowNanoseconds: 0)
        stepped.spend(7)
        let start = stepped
        for step in 1...1_000 { stepped = stepped.refilled(for: limit, nowNanoseconds: Int64(step) * 33_333_331) }
        #expect(stepped == start.refilled(for: limit, nowNanoseconds: 33_333_331_000))
    }

    @Test("a clock that goes back neither refills nor takes away")
    func clockBack() {
        let limit = RateLimit(name: "r", ratePerMinute: 60)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 100 * second)
        bucket.spend(60)
        #expect(bucket.refilled(for: limit, nowNanoseconds: 40 * second) == bucket)
        #expect(bucket.refilled(for: limit, nowNanoseconds: -1) == bucket)
        bucket = bucket.refilled(for: limit, nowNanoseconds: 40 * second)
        #expect(bucket.refilled(for: limit, nowNanoseconds: 101 * second).wholeTokens == 1)
        // The wait counts from the clock that was given: 60 s to catch up, one for the token.
        #expect(bucket.nanosecondsUntilHolding(1, limit: limit, nowNanoseconds: 40 * second) == 61 * second)
    }

    @Test("the largest rate and burst over the longest time do not overflow")
    func extremes() {
        let limit = RateLimit(name: "r", capacityTokens: .max, ratePerMinute: .max)
        #expect(limit.capacityTokens == 100_000_000 && limit.ratePerMinute == 100_000_000)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 0)
        #expect(bucket.wholeTokens == 100_000_000)
        #expect(bucket.take(cost: 100_000_000, limit: limit, nowNanoseconds: 0) == .admitted(remainingTokens: 0))
        #expect(bucket.nanosecondsUntilFull(limit: limit, nowNanoseconds: 0) == 60 * second)
        #expect(bucket.refilled(for: limit, nowNanoseconds: .max).wholeTokens == 100_000_000)
        #expect(bucket.take(cost: .max, limit: limit, nowNanoseconds: 0) == .refused(retryAfterNanoseconds: nil))
        let slow = RateLimit(name: "s", capacityTokens: .max, ratePerMinute: 1)
        var empty = TokenBucket(full: slow, nowNanoseconds: 0)
        empty.spend(.max)
        #expect(empty.nanosecondsUntilFull(limit: slow, nowNanoseconds: 0) == 6_000_000_000_000_000_000)
    }

    @Test("B16: a rate of zero or less refuses always, at once and for good", arguments: [0, -1, Int.min])
    func zeroRate(rate: Int) {
        let limit = RateLimit(name: "r", capacityTokens: 10, ratePerMinute: rate)
        var bucket = TokenBucket(full: limit, nowNanoseconds: 0)
        #expect(bucket.take(limit: limit, nowNanoseconds: 0) == .refused(retryAfterNanoseconds: nil))
        #expect(bucket.take(limit: limit, nowNanoseconds: 3_600 * second) == .refused(retryAfterNanoseconds: nil))
    }

    @Test("a changed limit keeps what the bucket holds, up to the new burst")
    func changedLimit() {
        let ten = RateLimit(name: "r", ratePerMinute: 10)
        var bucket = TokenBucket(full: ten, nowNanoseconds: 0)
        bucket.spend(4)
        #expect(bucket.refilled(for: RateLimit(name: "r", ratePerMinute: 100), nowNanoseconds: 0).wholeTokens == 6)
        #expect(bucket.refilled(for: RateLimit(name: "r", ratePerMinute: 2), nowNanoseconds: 0).wholeTokens == 2)
    }

    private func randomLimit(_ random: inout SplitMix64, capacityMax: Int = 100_000_000) -> RateLimit {
        let rates = [1, 2, 7, 30, 59, 60, 61, 1_000, 999_983, 100_000_000]
        let capacities = [1, 2, 3, 10, 1_000, 100_000_000].filter { $0 <= capacityMax }
        return RateLimit(
            name: "r", capacityTokens: capacities.randomElement(using: &random),
            ratePerMinute: rates.randomElement(using: &random) ?? 1)
    }

    private func units(_ tokens: Int) -> UInt128 { UInt128(UInt64(tokens)) * UInt128(TokenBucket.unitsPerToken) }
}

func isAdmitted(_ decision: TokenDecision) -> Bool {
    switch decision {
    case .admitted: true
    case .refused: false
    }
}
