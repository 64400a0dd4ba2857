import GatewayTesting
import RateLimiting
import Testing

/// The proof of ``LeaseRules`` against somebody who holds, gives back and takes again as harmfully as can be.
@Suite("The bound of leases")
struct LeaseBoundTests {
    private static let limit = RateLimit(name: "l", capacityTokens: 5_000, ratePerMinute: 60_000)

    private struct Batch {
        var tokens: Int
        var taken: Int64
    }

    /// Takes and gives back for a while, so that as much as can be is out while the bucket is full, and then spends all at once.
    private struct Adversary {
        let rules = LeaseRules()
        let store = ExactAuthority()
        let meter = IntervalMeter(LeaseBoundTests.limit)
        var random: SeededRandom
        var held: [Batch] = []
        /// Microseconds.
        var now: Int64 = 1_000_000_000

        init(seed: UInt64) { random = SeededRandom(seed: seed) }

        mutating func ask(_ wanted: Int, until: Int64 = 0) -> Int {
            let ask = BucketAsk(
                name: BucketName(limit: "l", fields: []), capacityTokens: rules.sharedCapacity(LeaseBoundTests.limit),
                ratePerMinute: LeaseBoundTests.limit.ratePerMinute, minimumTokens: 0, wantedTokens: wanted,
                returnsUntilMicroseconds: until)
            guard case .decided(let grants, _) = store.decide([ask], atMicroseconds: now) else { return 0 }
            return grants[0].grantedTokens
        }

        mutating func spend(_ tokens: Int) { meter.admitted(tokens, at: now * 1_000) }

        /// Gives back what is older than that, or drops it where a lease has ended.
        mutating func giveBack(olderThan age: Int64, credit: (Int, Int64) -> Int) {
            let lifetime = rules.lifetimeNanoseconds / 1_000
            for batch in held where now - batch.taken >= age && now - batch.taken <= lifetime {
                let credited = credit(batch.tokens, (now - batch.taken) * 1_000)
                if credited > 0 { _ = ask(-credited, until: now) }
            }
            held.removeAll { now - $0.taken >= age }
        }

        mutating func run(milliseconds: Int, perMillisecond: Int, holding age: Int64, credit: (Int, Int64) -> Int) {
            for _ in 0..<milliseconds {
                now += 1_000
                giveBack(olderThan: age, credit: credit)
                held.append(Batch(tokens: ask(perMillisecond), taken: now))
                if random.unit() < 0.3, !held.isEmpty {
                    let place = Int(random.unit() * Double(held.count))
                    let spent = Int(random.unit() * Double(held[place].tokens) * 0.05)
                    held[place].tokens -= spent
                    spend(spent)
                }
            }
            giveBack(olderThan: rules.lifetimeNanoseconds / 1_000, credit: credit)
            spend(held.reduce(0) { $0 + $1.tokens })
            held = []
            spend(ask(1_000_000))
        }
    }

    @Test("no taking, holding and giving back admits more than burst + rate × T", arguments: 1...60)
    func kept(seed: Int) {
        var adversary = Adversary(seed: UInt64(seed))
        let rules = adversary.rules
        for _ in 0..<4 {
            let perMillisecond = 1 + Int(adversary.random.unit() * 60)
            let age = 1_000 + Int64(adversary.random.unit() * 99_000)
            let milliseconds = 5 + Int(adversary.random.unit() * adversary.random.unit() * 2_000)
            adversary.run(milliseconds: milliseconds, perMillisecond: perMillisecond, holding: age) { tokens, age in
                rules.credit(tokens, Self.limit, ageNanoseconds: age)
            }
            adversary.now += Int64(adversary.random.unit() * 6_000_000)
        }
        #expect(adversary.meter.isKept, "\(adversary.meter.worstTokens)")
    }

    @Test("the bound is nearly reached: what the bucket regains while a lease is out is what the reserve is for")
    func tight() {
        var adversary = Adversary(seed: 1)
        adversary.held.append(Batch(tokens: adversary.ask(100), taken: adversary.now))
        adversary.now += 99_999
        adversary.spend(100)
        adversary.spend(adversary.ask(1_000_000))
        #expect(adversary.meter.isKept)
        #expect(adversary.meter.worstTokens == 4_999)
    }

    @Test("were all of it credited, tokens would grow young again, and the bound would break")
    func needed() {
        var adversary = Adversary(seed: 1)
        adversary.run(milliseconds: 5_000, perMillisecond: 40, holding: 99_000) { tokens, _ in tokens }
        #expect(!adversary.meter.isKept)
        #expect(adversary.meter.worstTokens > 6_000)
    }

    @Test("what is given back is credited less what the bucket has regained, rounded down")
    func credit() {
        let rules = LeaseRules()
        // A token a millisecond.
        #expect(rules.credit(100, Self.limit, ageNanoseconds: 0) == 100)
        #expect(rules.credit(100, Self.limit, ageNanoseconds: 1) == 99)
        #expect(rules.credit(100, Self.limit, ageNanoseconds: 30_000_000) == 70)
        #expect(rules.credit(100, Self.limit, ageNanoseconds: 30_000_001) == 69)
        #expect(rules.credit(10, Self.limit, ageNanoseconds: 30_000_000) == 0)
    }

    @Test("the reserve of a lease is rate × τ, rounded up, and at most a fiftieth of the burst")
    func reserve() {
        let rules = LeaseRules()
        func shared(_ burst: Int, _ rate: Int) -> Int {
            rules.sharedCapacity(RateLimit(name: "l", capacityTokens: burst, ratePerMinute: rate))
        }
        #expect(shared(600_000, 600_000) == 599_000)
        #expect(shared(50_000, 600_000) == 49_000)
        #expect(shared(49_999, 600_000) == 49_999)
        #expect(shared(600_000, 6_000) == 599_990)
        #expect(shared(600_000, 6_001) == 599_989)
        #expect(shared(600_000, 5_999) == 600_000)
        #expect(shared(100_000_000, 100_000_000) == 99_833_333)
    }

    @Test("the meter finds the worst of all intervals", arguments: 1...20)
    func meter(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let meter = IntervalMeter(Self.limit)
        var admissions: [(at: Int64, tokens: Int)] = []
        var now: Int64 = 1_000
        for _ in 0..<80 {
            now += Int64(random.unit() * 4_000_000)
            admissions.append((now, Int(random.unit() * 4)))
            meter.admitted(admissions[admissions.count - 1].tokens, at: now)
        }
        var worst = 0.0
        for first in admissions.indices {
            var tokens = 0
            for last in first..<admissions.count {
                tokens += admissions[last].tokens
                worst = max(worst, Double(tokens) - Double(admissions[last].at - admissions[first].at) / 1_000_000)
            }
        }
        #expect(abs(meter.worstTokens - worst) < 1e-6)
    }
}
