import GatewayTesting
import RateLimiting
import Testing

/// Each of these failed on the first version of the leases.
@Suite("Leases: what went wrong once")
struct LeaseRegressionTests {
    private let large = RateLimit(name: "large", capacityTokens: 100_000, ratePerMinute: 600_000)

    @Test("a store that comes back is asked again, also when a lease ahead of use met it away", arguments: 1...6)
    func recovers(perMillisecond: Int) {
        let fixture = LeaseFixture()
        let hot = fixture.demand(large, "hot")
        func offer(_ milliseconds: Int, until isDone: () -> Bool = { false }) {
            for _ in 0..<milliseconds where !isDone() {
                for _ in 0..<perMillisecond { _ = fixture.start([hot]) }
                fixture.pass(milliseconds: 1)
            }
        }
        for round in 0..<10 {
            fixture.heat(hot, perMillisecond: 10, milliseconds: 100 + round)
            fixture.authority.change { $0.isCut = true }
            // Cold requests open the breaker while the hot bucket still holds tokens and wants more of them.
            for place in 0..<4 { _ = fixture.start([fixture.demand(large, "cold\(place)")]) }
            offer(90)
            fixture.authority.change { $0.isCut = false }
            offer(3_000) { fixture.book.isStoreAsked }
            #expect(fixture.book.isStoreAsked, "round \(round)")
        }
    }

    @Test("a store that comes back is found without any request")
    func recoversUnasked() {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.isCut = true }
        for _ in 0..<3 { #expect(fixture.take(fixture.demand(large))?.isDegraded == true) }
        #expect(!fixture.book.isStoreAsked)
        fixture.authority.change { $0.isCut = false }
        fixture.pass(milliseconds: 3_000)
        #expect(fixture.book.isStoreAsked)
        #expect(fixture.told.value == ["no answer", nil])
    }

    @Test("what was admitted while the store was away is paid once, and pays for no lease of a limit that has none")
    func debtIsPaidOnce() {
        let fixture = LeaseFixture()
        let small = fixture.demand(RateLimit(name: "small", ratePerMinute: 1_000))
        fixture.authority.change { $0.isCut = true }
        for _ in 0..<50 { #expect(fixture.take(small)?.isAdmitted == true) }
        fixture.authority.change { $0.isCut = false }
        fixture.pass(milliseconds: 3_000)
        _ = fixture.authority.takeCalls()
        let answers = (0..<10).map { _ in fixture.start([small]) }
        fixture.pass(milliseconds: 50)
        #expect(answers.allSatisfy { $0.outcome?.isAdmitted == true })
        // Ten of their own and fifty that are owed.
        #expect(fixture.authority.takeCalls().flatMap { $0 }.reduce(0) { $0 + max($1.wantedTokens, 0) } == 60)
        #expect(fixture.book.gauges().leased == 0)
    }

    @Test("calls that were not made are not counted as calls that failed")
    func skippedIsNotFailed() {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.isCut = true }
        for _ in 0..<100 { _ = fixture.take(fixture.demand(large)) }
        #expect(fixture.book.gauges().failures == 3)
        #expect(fixture.book.gauges().degraded == 100)
        #expect(fixture.authority.read(\.calls).count == 3)
    }

    @Test("one bucket twice in a request costs twice")
    func twins() {
        let fixture = LeaseFixture()
        let five = RateLimit(name: "five", ratePerMinute: 5)
        #expect(fixture.take(fixture.demand(five), fixture.demand(five))?.isAdmitted == true)
        #expect(fixture.take(fixture.demand(five), fixture.demand(five))?.isAdmitted == true)
        #expect(fixture.take(fixture.demand(five), fixture.demand(five))?.isAdmitted == false)
        #expect(fixture.take(fixture.demand(five))?.isAdmitted == true)
        #expect(fixture.take(fixture.demand(five))?.isAdmitted == false)
    }

    @Test("a cost that the shared bucket can never hold is refused for good")
    func aboveTheSharedBucket() {
        let fixture = LeaseFixture()
        // 1,000 tokens of 100,000 are the reserve of a lease.
        let outcome = fixture.take(fixture.demand(large, cost: 99_001))
        guard case .decided(.refused(_, let wait, _)) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(wait == nil)
        #expect(fixture.take(fixture.demand(large, cost: 99_000))?.isAdmitted == true)
    }

    @Test("an answer that comes after half of a token's time is none: a node that was stopped does not spend it")
    func lateAnswers() {
        let limit = RateLimit(name: "late", capacityTokens: 100_000, ratePerMinute: 600_000, onStoreFailure: .deny)
        let fixture = LeaseFixture()
        let meter = IntervalMeter(limit)
        // Taken from the store after 200 ms, answered after 400: the bucket has gained 2,000 by then.
        fixture.authority.change { $0.latencyNanoseconds = 400_000_000 }
        let all = fixture.start([fixture.demand(limit, cost: 99_000)])
        fixture.pass(milliseconds: 410)
        if all.outcome?.isAdmitted == true { meter.admitted(99_000, at: all.atNanoseconds ?? 0) }
        fixture.authority.change { $0.latencyNanoseconds = 1_000_000 }
        let rest = fixture.take(fixture.demand(limit, cost: 2_000))
        if rest?.isAdmitted == true { meter.admitted(2_000, at: fixture.world.nowNanoseconds) }
        #expect(meter.isKept && rest?.isAdmitted == true, "\(meter.worstTokens) tokens")
        guard case .unavailable(let reason)? = all.outcome else {
            Issue.record("\(String(describing: all.outcome))")
            return
        }
        #expect(reason.contains("too late"))
        #expect(fixture.book.isStoreAsked)
        // A limit that is never leased is counted when the store decides: it may be late.
        fixture.authority.change { $0.latencyNanoseconds = 400_000_000 }
        let small = fixture.start([fixture.demand(RateLimit(name: "small", ratePerMinute: 60), cost: 60)])
        fixture.pass(milliseconds: 410)
        #expect(small.outcome?.isDegraded == false && small.outcome?.isAdmitted == true)
    }

    @Test("tokens that would be too old when another limit's answer comes are not spent with it")
    func oldTokensOfSeveral() {
        let fixture = LeaseFixture()
        let hot = fixture.demand(large, "hot")
        fixture.heat(hot, perMillisecond: 5, milliseconds: 100)
        let asksForHot = { (cold: String) -> Bool in
            _ = fixture.authority.takeCalls()
            let outcome = fixture.take(hot, fixture.demand(RateLimit(name: cold, ratePerMinute: 60)))
            #expect(outcome?.isAdmitted == true && outcome?.isDegraded == false)
            let name = BucketName(limit: "large", fields: ["hot"])
            return fixture.authority.takeCalls().joined().contains { $0.name == name && $0.minimumTokens > 0 }
        }
        #expect(!asksForHot("first"))
        // So slowly that no refill comes, and so often that nothing is idle.
        for _ in 0..<6 {
            _ = fixture.start([hot])
            fixture.pass(milliseconds: 10)
        }
        #expect(fixture.book.heldTokens(of: hot.key) > 0)
        #expect(asksForHot("second"))
    }

    @Test("a request that comes while the node ends waits for no lease that will never be asked for")
    func ending() {
        let fixture = LeaseFixture()
        let hot = fixture.demand(large, "hot")
        fixture.heat(hot, perMillisecond: 5, milliseconds: 100)
        fixture.isEnding.set(true)
        let answers = (0..<500).map { _ in fixture.start([hot]) }
        fixture.pass(milliseconds: 50)
        #expect(answers.allSatisfy { $0.outcome != nil }, "\(answers.count { $0.outcome == nil }) wait")
    }

    @Test("a lease ahead of use whose answer does not add up is a failure like any other")
    func rubbishLease() {
        let fixture = LeaseFixture()
        let hot = fixture.demand(large, "hot")
        fixture.heat(hot, perMillisecond: 5, milliseconds: 100)
        fixture.authority.change { $0.isBabbling = true }
        for _ in 0..<200 where fixture.book.isStoreAsked {
            for _ in 0..<5 { _ = fixture.start([hot]) }
            fixture.pass(milliseconds: 1)
        }
        #expect(!fixture.book.isStoreAsked)
        #expect(fixture.told.value == ["the answer is none"])
    }
}
