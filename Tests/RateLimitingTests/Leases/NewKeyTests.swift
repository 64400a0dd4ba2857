import GatewayTesting
import RateLimiting
import Testing

@Suite("S22 new buckets are bounded")
struct NewKeyTests {
    private func fixture(perMinute: Int) -> LeaseFixture {
        var rules = LeaseRules()
        rules.newKeysPerMinuteMax = perMinute
        return LeaseFixture(rules)
    }

    private func limit(_ name: String = "l", _ mode: StoreFailureMode = .local, rate: Int = 10) -> RateLimit {
        RateLimit(name: name, ratePerMinute: rate, onStoreFailure: mode)
    }

    @Test("buckets beyond the bound are counted here alone, those that are there stay shared, and room comes with time")
    func bound() {
        let fixture = fixture(perMinute: 6)
        for key in 0..<6 { #expect(fixture.take(fixture.demand(limit(), "k\(key)"))?.isDegraded == false) }
        #expect(!fixture.book.isWithholdingKeys)
        for key in 6..<20 {
            let outcome = fixture.take(fixture.demand(limit(), "k\(key)"))
            #expect(outcome?.isDegraded == true && outcome?.isAdmitted == true)
        }
        #expect(fixture.book.isWithholdingKeys)
        #expect(fixture.book.gauges().keysMade == 6)
        #expect(fixture.book.gauges().keysWithheld == 14)
        #expect(fixture.take(fixture.demand(limit(), "k3"))?.isDegraded == false)
        // It is not the store that fails.
        #expect(fixture.book.isStoreAsked && fixture.told.value.isEmpty && fixture.book.gauges().failures == 0)
        fixture.pass(milliseconds: 10_000)
        #expect(fixture.take(fixture.demand(limit(), "k30"))?.isDegraded == false)
        #expect(fixture.take(fixture.demand(limit(), "k31"))?.isDegraded == true)
        fixture.pass(milliseconds: 60_001)
        #expect(!fixture.book.isWithholdingKeys)
    }

    @Test(
        "a bucket that is not made is this node's share: minting keys is no way around a limit, whatever the rule does without the store",
        arguments: [StoreFailureMode.local, .allow])
    func shares(mode: StoreFailureMode) {
        let fixture = fixture(perMinute: 1)
        fixture.nodes.set(2)
        _ = fixture.take(fixture.demand(limit("other")))
        let outcomes = (0..<10).map { _ in fixture.take(fixture.demand(limit("l", mode), "new")) }
        #expect(outcomes.count { $0?.isAdmitted == true } == 5)
        #expect(outcomes.allSatisfy { $0?.isDegraded == true })
    }

    @Test("a bucket that is full again before its caller comes back is no flood of keys, however often it is made")
    func passing() {
        let fixture = fixture(perMinute: 6)
        let demand = fixture.demand(limit("l", rate: 600), "k")
        for _ in 0..<60 {
            #expect(fixture.take(demand)?.isDegraded == false)
            fixture.pass(milliseconds: 200)
        }
        #expect(!fixture.book.isWithholdingKeys && fixture.book.gauges().keysWithheld == 0)
    }

    @Test("a rule that denies without the store refuses, with a name")
    func denying() {
        let fixture = fixture(perMinute: 1)
        _ = fixture.take(fixture.demand(limit("other")))
        guard case .unavailable(let reason) = fixture.take(fixture.demand(limit("l", .deny), "new")) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("new buckets"))
    }

    @Test("the other limits of a request stay exact, and nothing is taken where one of them refuses")
    func together() {
        let fixture = fixture(perMinute: 2)
        let tenant = fixture.demand(limit("tenant", rate: 3))
        func subject(_ number: Int) -> BucketDemand { fixture.demand(limit("subject"), "s\(number)") }
        #expect(fixture.take(tenant, subject(0))?.isDegraded == false)
        #expect(fixture.take(tenant, subject(1))?.isDegraded == true)
        #expect(fixture.take(subject(1), tenant)?.isDegraded == true)
        let refused = fixture.take(subject(1), tenant)
        #expect(refused?.isAdmitted == false && refused?.isDegraded == true)
        #expect(fixture.take(tenant)?.isAdmitted == false)
        // Two were taken of the subject's ten by this node's share, and the refused one came back.
        #expect(fixture.take(subject(1))?.admission?.states.first?.remainingTokens == 7)
    }

    @Test(
        "what a request used is owed although another limit's bucket was not made, whatever its rule does without the store"
    )
    func settled() {
        let fixture = fixture(perMinute: 2)
        let tenant = fixture.demand(
            RateLimit(
                name: "tenant", capacityTokens: 100, ratePerMinute: 1, onStoreFailure: .allow, isSettled: true),
            cost: 10)
        func subject(_ number: Int) -> BucketDemand { fixture.demand(limit("subject"), "s\(number)") }
        #expect(fixture.take(tenant, subject(0))?.isDegraded == false)
        #expect(fixture.take(tenant, subject(1))?.isDegraded == true)
        fixture.store.settle(
            [BucketSettlement(demand: tenant, actualCost: 40, isDegraded: true)],
            nowNanoseconds: fixture.world.nowNanoseconds)
        // Three times ten were taken, and the second request came to thirty more.
        #expect(fixture.take(tenant)?.admission?.states.first?.remainingTokens == 40)
    }
}
