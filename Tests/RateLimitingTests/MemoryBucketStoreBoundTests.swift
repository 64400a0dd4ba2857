import Foundation
import RateLimiting
import Testing

@Suite("Memory bucket store at its bound", .serialized)
struct MemoryBucketStoreBoundTests {
    private let five = RateLimit(name: "five", ratePerMinute: 5)

    @Test("B14 S22: inventing keys resets nobody and yields one shared bucket")
    func inventedKeys() {
        let fixture = StoreFixture(keysMax: 100)
        #expect(fixture.admitted(five, "victim", attempts: 5) == 5)
        for key in 0..<99 { #expect(fixture.take(five, "old\(key)").isAdmitted) }
        #expect((0..<10_000).count { fixture.take(five, "new\($0)").isAdmitted } == 5)
        #expect(!fixture.take(five, "victim").isAdmitted)
        #expect(fixture.admitted(five, "old3", attempts: 9) == 4)
        let gauges = fixture.store.gauges()
        #expect(gauges.liveKeys == 101)
        #expect(gauges.overflowTakes == 10_000)
        #expect(gauges.evicted == 0)
        // Each limit overflows for itself.
        #expect(fixture.admitted(RateLimit(name: "two", ratePerMinute: 2), "x", attempts: 5) == 2)
        #expect(fixture.take(five, "another").states[0].sharesOverflow)
    }

    @Test("S22: a key that was counted in overflow starts at its level when there is room, not full")
    func leavingOverflow() {
        let fixture = StoreFixture(keysMax: 1)
        let quick = RateLimit(name: "quick", ratePerMinute: 600)
        #expect(fixture.take(quick, "first").isAdmitted)
        #expect(fixture.admitted(five, "k", attempts: 5) == 5)
        // "first" is full again after 100 ms and leaves; "k" may have a bucket now and has spent its burst all the
        // same.
        fixture.store.sweep(shardCount: 256, nowNanoseconds: second)
        #expect(fixture.store.gauges().evicted == 1)
        #expect(fixture.admitted(five, "k", attempts: 5, at: second) == 0)
        #expect(fixture.admitted(five, "k", attempts: 5, at: 12 * second) == 1)
        #expect(fixture.admitted(five, "k", attempts: 5, at: 13 * second) == 0)
        #expect(!fixture.take(five, "k", at: 13 * second).states[0].sharesOverflow)
        // A minute later the overflow bucket is full and gone: new keys are new again.
        fixture.store.sweep(shardCount: 256, nowNanoseconds: 120 * second)
        #expect(fixture.store.gauges().liveKeys == 0)
        #expect(fixture.admitted(five, "fresh", attempts: 9, at: 120 * second) == 5)
    }

    @Test(
        "S22: over all of overflow and return no key gets more than burst + rate × T",
        arguments: 1...20 as ClosedRange<UInt64>)
    func boundHolds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let fixture = StoreFixture(keysMax: 3)
        let limit = RateLimit(name: "r", capacityTokens: 3, ratePerMinute: 60)
        var admitted: [Int: [Int64]] = [:]
        var now: Int64 = 0
        for _ in 0..<3_000 {
            now += Int64.random(in: 0...(second / 2), using: &random)
            let key = Int.random(in: 0..<8, using: &random)
            if fixture.take(limit, "\(key)", at: now).isAdmitted { admitted[key, default: []].append(now) }
        }
        for times in admitted.values {
            for first in times.indices {
                for last in first..<times.count {
                    let bound = 3 + Int((times[last] - times[first]) / second)
                    #expect(last - first + 1 <= bound)
                }
            }
        }
        #expect(fixture.store.gauges().overflowTakes > 0)
    }

    @Test("several limits at the bound stay all or nothing")
    func togetherAtTheBound() {
        let fixture = StoreFixture(keysMax: 1)
        let two = RateLimit(name: "two", ratePerMinute: 2)
        #expect(fixture.take(five, "held").isAdmitted)
        let demands = [fixture.demand(five, "a"), fixture.demand(two, "a"), fixture.demand(five, "b")]
        #expect(fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted)
        // "a" and "b" share one overflow bucket of five tokens, and took one each.
        let second = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(second.isAdmitted)
        #expect(second.states.map(\.remainingTokens) == [2, 0, 1])
        #expect(!fixture.store.takeNow(demands, nowNanoseconds: 0).isAdmitted)
        #expect(fixture.admitted(five, "c", attempts: 5) == 1)
        #expect(fixture.store.gauges().liveKeys == 3)
    }

    @Test("1,000,000 live keys stay within 250 MiB, and leave when they are full again")
    func million() throws {
        let before = try residentBytes()
        let fixture = StoreFixture()
        let limit = RateLimit(name: "tenant", ratePerMinute: 60)
        let prepared = fixture.store.hasher.prepare(limit)
        let take = { (key: Int, now: Int64) in
            fixture.store.takeNow(prepared.demand(on: String(key)), nowNanoseconds: now)
        }
        #expect((0..<1_000_000).count { take($0, 0).isAdmitted } == 1_000_000)
        #expect(fixture.store.gauges().liveKeys == 1_000_000)
        #expect(fixture.store.gauges().overflowTakes == 0)
        let grown = try residentBytes() - before
        #expect(grown <= 250 << 20, "grew by \(grown >> 20) MiB")
        #expect(take(1_000_000, 0).states[0].sharesOverflow)
        // Each took one of sixty, so all are full after one second. Calls clean up as they pass, a timer does the rest.
        for key in 0..<250_000 { _ = take(2_000_000 + key % 5_000, 2 * second) }
        #expect(fixture.store.gauges().evicted > 250_000)
        fixture.store.sweep(shardCount: 256, nowNanoseconds: 2 * second)
        #expect(fixture.store.gauges().liveKeys <= 5_000)
        fixture.store.sweep(shardCount: 256, nowNanoseconds: 100 * second)
        #expect(fixture.store.gauges().liveKeys == 0)
        #expect(fixture.store.gauges().evicted == 1_005_000)
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4_096
    }
}
