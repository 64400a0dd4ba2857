import GatewayTesting
import RateLimiting
import Testing

@Suite("Settlement while the shared store is away")
struct SettlementAwayTests {
    private let limit = RateLimit(name: "l", capacityTokens: 100, ratePerMinute: 60, isSettled: true)

    private func settle(_ fixture: LeaseFixture, _ demand: BucketDemand, _ cost: Int, isDegraded: Bool) {
        fixture.store.settle(
            [BucketSettlement(demand: demand, actualCost: cost, isDegraded: isDegraded)],
            nowNanoseconds: fixture.world.nowNanoseconds)
        fixture.pass(milliseconds: 20)
    }

    private func open(_ fixture: LeaseFixture) {
        fixture.authority.change { $0.isCut = true }
        for _ in 0..<3 { _ = fixture.take(fixture.demand(RateLimit(name: "opener", ratePerMinute: 60))) }
        #expect(!fixture.book.isStoreAsked)
    }

    private func heal(_ fixture: LeaseFixture) {
        fixture.authority.change { $0.isCut = false }
        fixture.pass(milliseconds: 1_100)
        #expect(fixture.book.isStoreAsked)
    }

    @Test("what is owed to a store that went away meanwhile is paid when it is back")
    func chargeWhileAway() {
        let fixture = LeaseFixture()
        let demand = fixture.demand(limit, cost: 10)
        #expect(fixture.take(demand)?.isAdmitted == true)
        open(fixture)
        settle(fixture, demand, 40, isDegraded: false)
        heal(fixture)
        // 90 were left, 30 are owed, 10 are taken, and a second or two brought a token each.
        let left = fixture.take(demand)?.admission?.states.first?.remainingTokens
        #expect(left.map { (50...52).contains($0) } == true, "\(String(describing: left))")
    }

    @Test("a charge that meets the store away is owed all the same, and opens the breaker as any other call does")
    func chargeFails() {
        let fixture = LeaseFixture()
        let demand = fixture.demand(limit, cost: 10)
        #expect(fixture.take(demand)?.isAdmitted == true)
        fixture.authority.change { $0.isCut = true }
        for _ in 0..<3 { settle(fixture, demand, 20, isDegraded: false) }
        #expect(!fixture.book.isStoreAsked && fixture.told.value == ["no answer"])
        heal(fixture)
        let left = fixture.take(demand)?.admission?.states.first?.remainingTokens
        #expect(left.map { (50...52).contains($0) } == true, "\(String(describing: left))")
    }

    @Test("what comes back to a store that is away does not come back twice")
    func creditWhileAway() {
        let fixture = LeaseFixture()
        let demand = fixture.demand(limit, cost: 50)
        #expect(fixture.take(demand)?.isAdmitted == true)
        open(fixture)
        settle(fixture, demand, 0, isDegraded: false)
        heal(fixture)
        let left = fixture.take(fixture.demand(limit, cost: 1))?.admission?.states.first?.remainingTokens
        #expect(left.map { (49...51).contains($0) } == true, "\(String(describing: left))")
    }

    @Test("what this node's share paid is settled with the share, and with what the share owes to the store")
    func share() {
        let fixture = LeaseFixture()
        open(fixture)
        let demand = fixture.demand(limit, cost: 30)
        #expect(fixture.take(demand)?.isDegraded == true)
        settle(fixture, demand, 10, isDegraded: true)
        #expect(fixture.take(demand)?.admission?.states.first?.remainingTokens == 60)
        settle(fixture, demand, 85, isDegraded: true)
        // The share of the only node: 100 − 10 − 85.
        #expect(fixture.take(fixture.demand(limit, cost: 6))?.isAdmitted == false)
        heal(fixture)
        // 95 are owed; two seconds at most have brought a token each to a bucket that was full.
        #expect(fixture.take(fixture.demand(limit))?.admission?.states.first?.remainingTokens == 4)
        // What comes back now was paid by the store and is lost with the share.
        settle(fixture, demand, 0, isDegraded: true)
        #expect(fixture.take(fixture.demand(limit))?.admission?.states.first?.remainingTokens == 3)
    }

    @Test("a limit that lets everything pass took nothing, and settles nothing")
    func allow() {
        let fixture = LeaseFixture()
        open(fixture)
        let open = RateLimit(
            name: "open", capacityTokens: 100, ratePerMinute: 60, onStoreFailure: .allow, isSettled: true)
        let demand = fixture.demand(open, cost: 30)
        #expect(fixture.take(demand)?.isDegraded == true)
        settle(fixture, demand, 90, isDegraded: true)
        settle(fixture, demand, 0, isDegraded: true)
        heal(fixture)
        #expect(fixture.take(demand)?.admission?.states.first?.remainingTokens == 70)
    }
}
