import GatewayTesting
import RateLimiting
import Testing

@Suite("Leased bucket store")
struct LeasedBucketStoreTests {
    private let small = RateLimit(name: "small", ratePerMinute: 60)
    private let large = RateLimit(name: "large", capacityTokens: 100_000, ratePerMinute: 600_000)

    // MARK: hot and cold

    @Test("a small limit asks for each request, with its cost and no more")
    func strict() {
        let fixture = LeaseFixture()
        for _ in 0..<60 { #expect(fixture.take(fixture.demand(small))?.isAdmitted == true) }
        let asks = fixture.authority.takeCalls().flatMap { $0 }
        #expect(asks.count == 60)
        #expect(asks.allSatisfy { $0.minimumTokens == 1 && $0.wantedTokens == 1 && $0.capacityTokens == 60 })
        #expect(fixture.take(fixture.demand(small))?.isAdmitted == false)
        #expect(fixture.book.gauges().asked == 61 && fixture.book.gauges().leased == 0)
    }

    @Test("a cold bucket of a large limit asks for each request")
    func cold() {
        let fixture = LeaseFixture()
        for _ in 0..<50 {
            #expect(fixture.take(fixture.demand(large))?.isAdmitted == true)
            fixture.pass(milliseconds: 10)
        }
        #expect(fixture.book.gauges().asked == 50 && fixture.book.gauges().leased == 0)
        #expect(fixture.authority.takeCalls().allSatisfy { $0[0].capacityTokens == 99_000 })
    }

    @Test("once hot, no request waits: the next lease comes before the last one is used up")
    func warm() {
        let fixture = LeaseFixture()
        let demand = fixture.demand(large)
        fixture.heat(demand, perMillisecond: 5, milliseconds: 100)
        var waited = 0
        for _ in 0..<200 {
            for _ in 0..<5 where fixture.store.takeNow(demand, nowNanoseconds: fixture.world.nowNanoseconds) == nil {
                waited += 1
            }
            fixture.pass(milliseconds: 1)
        }
        #expect(waited == 0)
        #expect(fixture.book.gauges().refills > 10 && fixture.book.gauges().refills < 40)
        #expect(fixture.book.gauges().admitted == 1_500)
    }

    @Test("a bucket has one lease in flight, the one that is taken ahead of use included")
    func oneLeaseInFlight() {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.latencyNanoseconds = 5_000_000 }
        fixture.heat(fixture.demand(large), perMillisecond: 10, milliseconds: 200)
        #expect(fixture.book.gauges().leased > 1_000)
        #expect(fixture.authority.read(\.leasesInFlightMax) == 1)
    }

    @Test("who comes while a lease is under way waits for it, in the order of coming, and asks nothing")
    func waiting() {
        let fixture = LeaseFixture()
        let demand = fixture.demand(large)
        fixture.heat(demand, perMillisecond: 5, milliseconds: 100)
        fixture.pass(milliseconds: 150)
        #expect(fixture.store.takeNow(demand, nowNanoseconds: fixture.world.nowNanoseconds) == nil)
        fixture.authority.change { $0.latencyNanoseconds = 5_000_000 }
        _ = fixture.authority.takeCalls()
        let order = Held<[Int]>([])
        for place in 0..<20 {
            fixture.world.spawn { [world = fixture.world, store = fixture.store] in
                if await store.take([demand], nowNanoseconds: world.nowNanoseconds).isAdmitted { order.append(place) }
            }
        }
        fixture.pass(milliseconds: 4)
        #expect(fixture.authority.read(\.calls).count == 1)
        #expect(order.value.isEmpty)
        fixture.pass(milliseconds: 2)
        #expect(order.value == Array(0..<20))
        #expect(fixture.authority.read { $0.calls.flatMap { $0 }.filter { $0.minimumTokens > 0 } }.count == 1)
    }

    @Test("no more than so many wait; the others ask for themselves")
    func waitersMax() {
        var rules = LeaseRules()
        rules.waitersMax = 8
        let fixture = LeaseFixture(rules)
        let demand = fixture.demand(large)
        fixture.heat(demand, perMillisecond: 5, milliseconds: 100)
        fixture.pass(milliseconds: 150)
        fixture.authority.change { $0.latencyNanoseconds = 5_000_000 }
        _ = fixture.authority.takeCalls()
        let answers = (0..<20).map { _ in fixture.start([demand]) }
        fixture.pass(milliseconds: 1)
        #expect(fixture.authority.read(\.calls).count == 20 - 8)
        fixture.pass(milliseconds: 20)
        #expect(answers.allSatisfy { $0.outcome?.isAdmitted == true })
    }

    @Test("a cost is paid from what is held and the rest asked for")
    func part() {
        let fixture = LeaseFixture()
        fixture.heat(fixture.demand(large), perMillisecond: 5, milliseconds: 100)
        _ = fixture.authority.takeCalls()
        #expect(fixture.take(fixture.demand(large, cost: 1_000))?.isAdmitted == true)
        let ask = fixture.authority.takeCalls().flatMap { $0 }.first { $0.minimumTokens > 0 }
        #expect((800..<1_000).contains(ask?.minimumTokens ?? 0))
        // A cost that no lease covers, from an idle bucket, is asked for whole.
        fixture.pass(milliseconds: 150)
        #expect(fixture.take(fixture.demand(large, cost: 1_000))?.isAdmitted == true)
        #expect(fixture.authority.takeCalls().flatMap { $0 }.last { $0.minimumTokens > 0 }?.minimumTokens == 1_000)
    }

    // MARK: together or not at all

    @Test("what was taken here goes back when the store refuses another limit")
    func together() {
        let fixture = LeaseFixture()
        let (hot, one) = (fixture.demand(large), fixture.demand(RateLimit(name: "one", ratePerMinute: 1)))
        fixture.heat(hot, perMillisecond: 5, milliseconds: 100)
        #expect(fixture.take(hot, one)?.isAdmitted == true)
        let spent = fixture.book.gauges().leased
        for _ in 0..<30 { #expect(fixture.take(hot, one)?.isAdmitted == false) }
        #expect(fixture.book.gauges().leased == spent)
        #expect(fixture.book.gauges().refused == 30)
        // All of them went back: the next are paid from what is held.
        var held = 0
        while fixture.store.takeNow(hot, nowNanoseconds: fixture.world.nowNanoseconds) != nil { held += 1 }
        #expect(held >= 50)
    }

    @Test("B12: several limits go in one call, and a refusal of one takes nothing of the other")
    func oneCall() {
        let fixture = LeaseFixture()
        let (sixty, two) = (fixture.demand(small), fixture.demand(RateLimit(name: "two", ratePerMinute: 2)))
        #expect(fixture.take(sixty, two)?.isAdmitted == true)
        #expect(fixture.take(two, sixty)?.isAdmitted == true)
        let refused = fixture.take(sixty, two)
        #expect(fixture.authority.takeCalls().map(\.count) == [2, 2, 2])
        guard case .decided(.refused(let states, let wait, let limiting)) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(limiting == 1 && states.map(\.verdict) == [.admits, .refuses])
        #expect((wait ?? 0) > 29_900 && (wait ?? 0) <= 30_000)
        #expect(fixture.take(sixty)?.admission?.states.first?.remainingTokens == 57)
    }

    @Test("a shadow limit is counted and never refuses, nor is it asked while it would")
    func shadow() {
        let fixture = LeaseFixture()
        let shadow = fixture.demand(RateLimit(name: "shadow", ratePerMinute: 2, shadow: true))
        for _ in 0..<10 { #expect(fixture.take(shadow, fixture.demand(small))?.isAdmitted == true) }
        #expect(fixture.book.gauges().shadowRefused == 8)
        #expect(fixture.authority.takeCalls().map(\.count) == [2, 2, 2] + Array(repeating: 1, count: 7))
        #expect(fixture.take(fixture.demand(small))?.admission?.states.first?.remainingTokens == 49)
    }

    // MARK: refusals

    @Test("a refusal is remembered until the next token is due: no ask meanwhile")
    func remembered() {
        let fixture = LeaseFixture()
        for _ in 0..<60 { _ = fixture.take(fixture.demand(small)) }
        #expect(fixture.take(fixture.demand(small))?.isAdmitted == false)
        _ = fixture.authority.takeCalls()
        for _ in 0..<80 {
            #expect(fixture.take(fixture.demand(small))?.isAdmitted == false)
            fixture.pass(milliseconds: 10)
        }
        #expect(fixture.authority.takeCalls().isEmpty)
        fixture.pass(milliseconds: 200)
        #expect(fixture.take(fixture.demand(small))?.isAdmitted == true)
        #expect(fixture.authority.takeCalls().count == 1)
    }

    @Test("no rate, no burst or too high a cost is refused for good and asks nobody")
    func hopeless() {
        let fixture = LeaseFixture()
        for demand in [
            fixture.demand(RateLimit(name: "zero", ratePerMinute: 0)), fixture.demand(small, cost: 61),
            fixture.demand(RateLimit(name: "flat", capacityTokens: 0, ratePerMinute: 5)),
        ] {
            guard case .decided(.refused(_, nil, 0)) = fixture.take(demand) else {
                Issue.record("\(demand)")
                return
            }
        }
        #expect(fixture.authority.takeCalls().isEmpty)
    }

    // MARK: giving back

    @Test("what is held goes back when the bucket is idle, less what was regained, and the rest is lost")
    func idle() {
        // Spending of the burst, far above the rate.
        let slow = RateLimit(name: "slow", capacityTokens: 100_000, ratePerMinute: 6_000)
        let fixture = LeaseFixture()
        fixture.heat(fixture.demand(slow), perMillisecond: 20, milliseconds: 100)
        fixture.pass(milliseconds: 150)
        let gauges = fixture.book.gauges()
        #expect(gauges.returned > 100)
        // Each batch is credited without what the bucket regains in its age and on its way: 35 ms and more, 4 tokens.
        #expect((4..<20).contains(gauges.expired))
        #expect(fixture.store.takeNow(fixture.demand(slow), nowNanoseconds: fixture.world.nowNanoseconds) == nil)
        // Nothing is lost but what expired: the store has what was not admitted.
        let left = fixture.take(fixture.demand(slow, cost: 0))?.admission?.states.first?.remainingTokens ?? 0
        let gained = 6_000 / 60 * 250 / 1_000
        #expect(left >= 99_990 - Int(gauges.admitted) - Int(gauges.expired))
        #expect(left <= 99_990 - Int(gauges.admitted) + gained + 1)
    }

    @Test("a node that ends gives back what it holds")
    func ending() async {
        let slow = RateLimit(name: "slow", capacityTokens: 100_000, ratePerMinute: 6_000)
        let fixture = LeaseFixture()
        fixture.heat(fixture.demand(slow), perMillisecond: 20, milliseconds: 100)
        let store = fixture.store
        fixture.world.spawn { await store.giveEverythingBack() }
        fixture.pass(milliseconds: 10)
        #expect(fixture.book.gauges().returned > 100)
        #expect(store.takeNow(fixture.demand(slow), nowNanoseconds: fixture.world.nowNanoseconds) == nil)
    }

    // MARK: bounds

    @Test("S22: no more buckets are remembered than may be; beyond them every request asks")
    func entriesMax() {
        var rules = LeaseRules()
        rules.entriesMax = 640
        let fixture = LeaseFixture(rules)
        for key in 0..<3_000 { #expect(fixture.take(fixture.demand(small, "\(key)"))?.isAdmitted == true) }
        #expect(fixture.book.gauges().entries <= 640)
        // Idle ones make room by themselves.
        fixture.pass(milliseconds: 5_000)
        for key in 3_000..<3_100 { _ = fixture.take(fixture.demand(small, "\(key)")) }
        #expect(fixture.book.gauges().entries < 640)
        fixture.pass(milliseconds: 5_000)
        fixture.book.sweep(shardCount: 64)
        #expect(fixture.book.gauges().entries == 0)
    }
}
