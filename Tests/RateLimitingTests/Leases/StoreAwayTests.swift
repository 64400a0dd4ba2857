import GatewayTesting
import RateLimiting
import Testing

@Suite("While the shared store is away")
struct StoreAwayTests {
    private func limit(
        _ name: String = "l", _ mode: StoreFailureMode = .local, burst: Int? = nil, rate: Int = 600,
        shadow: Bool = false
    ) -> RateLimit {
        RateLimit(name: name, capacityTokens: burst, ratePerMinute: rate, shadow: shadow, onStoreFailure: mode)
    }

    private func away() -> LeaseFixture {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.isCut = true }
        for _ in 0..<3 { _ = fixture.take(fixture.demand(limit("opener"))) }
        #expect(!fixture.book.isStoreAsked)
        return fixture
    }

    @Test("B8: three requests pay the budget, after them none waits, and probes are no request's")
    func budget() {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.isCut = true }
        var slow = 0
        for _ in 0..<500 {
            let start = fixture.world.nowNanoseconds
            let answer = fixture.start([fixture.demand(limit())])
            for _ in 0..<200 where answer.outcome == nil {
                fixture.world.run(until: fixture.world.nowNanoseconds + 100_000)
            }
            let waited = (answer.atNanoseconds ?? .max) - start
            #expect(waited <= ScriptedAuthority.budgetNanoseconds)
            if waited > 0 { slow += 1 }
            fixture.pass(milliseconds: 10)
        }
        #expect(slow == 3)
        #expect(fixture.authority.read(\.calls).count == 3)
        #expect((5...10).contains(fixture.authority.read(\.probes)))
        #expect(fixture.told.value == ["no answer"])
    }

    @Test("who waits for a lease that does not come has paid the budget, and does not wait for the next one")
    func budgetOfWaiting() {
        let fixture = LeaseFixture()
        let hot = fixture.demand(limit("hot", burst: 100_000, rate: 600_000))
        fixture.heat(hot, perMillisecond: 5, milliseconds: 100)
        fixture.authority.change { $0.isCut = true }
        var answers: [(answer: LeaseFixture.Answer, start: Int64)] = []
        for _ in 0..<200 {
            for _ in 0..<5 { answers.append((fixture.start([hot]), fixture.world.nowNanoseconds)) }
            fixture.pass(milliseconds: 1)
        }
        #expect(!fixture.book.isStoreAsked)
        let waits = answers.map { ($0.answer.atNanoseconds ?? .max) - $0.start }
        #expect(waits.allSatisfy { $0 <= ScriptedAuthority.budgetNanoseconds }, "\(waits.max() ?? 0) ns")
        #expect(answers.contains { $0.answer.outcome?.isDegraded == true })
    }

    @Test("B6: deny lets nothing pass, allow everything, and each answer says that it was degraded")
    func modes() {
        let fixture = away()
        for _ in 0..<20 {
            guard case .unavailable = fixture.take(fixture.demand(limit("deny", .deny))) else {
                Issue.record("deny")
                return
            }
            let allowed = fixture.take(fixture.demand(limit("allow", .allow, rate: 1)))
            #expect(allowed?.isAdmitted == true && allowed?.isDegraded == true)
            // One that denies decides for all.
            guard
                case .unavailable = fixture.take(
                    fixture.demand(limit("allow", .allow)), fixture.demand(limit("deny", .deny)))
            else {
                Issue.record("deny among others")
                return
            }
        }
        // A shadow denies nobody.
        #expect(fixture.take(fixture.demand(limit("shadow", .deny, shadow: true)))?.isAdmitted == true)
        #expect(fixture.book.gauges().degraded == 3 + 61)
        #expect(fixture.book.gauges().failures == 3)
    }

    @Test("B7: local is rate and burst divided by the nodes that live", arguments: [1, 2, 3, 10])
    func local(nodes: Int) {
        let fixture = away()
        fixture.nodes.set(nodes)
        let demand = fixture.demand(limit("local", rate: 600))
        #expect((0..<700).count { _ in fixture.take(demand)?.isAdmitted == true } == 600 / nodes)
        fixture.pass(milliseconds: 10_000)
        let later = (0..<700).count { _ in fixture.take(demand)?.isAdmitted == true }
        #expect((100 / nodes...100 / nodes + 1).contains(later))
    }

    @Test(
        "S10 a cost that is greater than this node's part is refused for a second, since the outage may end; above the limit for good"
    )
    func greaterThanThePart() {
        let fixture = away()
        fixture.nodes.set(3)
        let demand = fixture.demand(limit("dear", burst: 10, rate: 60), cost: 4)
        guard case .degraded(.refused(let states, let retry, _), _) = fixture.take(demand) else {
            Issue.record("not refused")
            return
        }
        #expect(retry == 1_000 && states.first?.verdict == .refuses)
        // As often as it asks: its tokens are not there to be waited for, and none was taken.
        fixture.pass(milliseconds: 60_000)
        #expect(fixture.take(demand)?.isAdmitted == false)
        let hopeless = fixture.demand(limit("dear", burst: 10, rate: 60), cost: 11)
        guard case .decided(.refused(let never, let none, _)) = fixture.take(hopeless) else {
            Issue.record("not refused")
            return
        }
        #expect(none == nil && never.first?.verdict == .refusesForGood)
        // With three of ten tokens for each node, three pass, and the next three after a while.
        let fitting = fixture.demand(limit("dear", burst: 10, rate: 60), cost: 3)
        #expect(fixture.take(fitting)?.isAdmitted == true)
        guard case .degraded(.refused(_, let later, _), _) = fixture.take(fitting) else {
            Issue.record("not refused")
            return
        }
        #expect(later.map { $0 > 0 } == true)
    }

    @Test(
        "S10 each part is one token at least, and one a minute: what is smaller than the nodes are many admits one for each"
    )
    func smallestPart() {
        let fixture = away()
        fixture.nodes.set(5)
        let demand = fixture.demand(limit("small", burst: 2, rate: 2))
        #expect((0..<10).count { _ in fixture.take(demand)?.isAdmitted == true } == 1)
        fixture.pass(milliseconds: 60_000)
        #expect((0..<10).count { _ in fixture.take(demand)?.isAdmitted == true } == 1)
    }

    @Test("local goes on from the level that the store told last")
    func knownLevel() {
        let fixture = LeaseFixture()
        fixture.nodes.set(3)
        let demand = fixture.demand(limit("local", rate: 600))
        for _ in 0..<300 { #expect(fixture.take(demand)?.isAdmitted == true) }
        fixture.authority.change { $0.isCut = true }
        let admitted = (0..<400).count { _ in fixture.take(demand)?.isAdmitted == true }
        // 300 were left, and a third of them is this node's; three asks of 10 ms let the share regain nothing.
        #expect((99...104).contains(admitted))
    }

    @Test("several limits are taken together or not at all here too")
    func together() {
        let fixture = away()
        let (ten, three) = (fixture.demand(limit("ten", rate: 10)), fixture.demand(limit("three", rate: 3)))
        for _ in 0..<3 { #expect(fixture.take(ten, three)?.isAdmitted == true) }
        for _ in 0..<20 {
            let outcome = fixture.take(ten, three)
            #expect(outcome?.isAdmitted == false && outcome?.isDegraded == true)
            #expect(outcome?.admission?.states.first?.remainingTokens == 7)
        }
        #expect((0..<20).count { _ in fixture.take(ten)?.isAdmitted == true } == 7)
    }

    @Test("what is held is spent first, and its answers are not degraded")
    func held() {
        let fixture = LeaseFixture()
        let hot = fixture.demand(limit("hot", burst: 100_000, rate: 600_000))
        fixture.heat(hot, perMillisecond: 5, milliseconds: 100)
        fixture.authority.change { $0.isCut = true }
        guard case .decided(.admitted) = fixture.take(hot) else {
            Issue.record("held tokens are spent")
            return
        }
        fixture.pass(milliseconds: 200)
        #expect(fixture.take(hot)?.isDegraded == true)
    }

    @Test("its return ends it without a restart, and what was admitted meanwhile is paid")
    func returning() {
        let fixture = away()
        let demand = fixture.demand(limit("local", rate: 600))
        for _ in 0..<200 { #expect(fixture.take(demand)?.isAdmitted == true) }
        fixture.authority.change { $0.isCut = false }
        fixture.pass(milliseconds: 1_100)
        #expect(fixture.told.value == ["no answer", nil])
        let outcome = fixture.take(demand)
        #expect(outcome?.isDegraded == false)
        #expect(outcome?.admission?.states.first?.remainingTokens == 399)
    }

    @Test("S22: buckets that there is no room for share one, which is not filled again by being forgotten")
    func overflow() {
        var rules = LeaseRules()
        rules.entriesMax = 64
        let fixture = LeaseFixture(rules)
        fixture.authority.change { $0.isCut = true }
        let five = limit("five", rate: 5)
        let admitted = (0..<2_000).count { fixture.take(fixture.demand(five, "\($0)"))?.isAdmitted == true }
        #expect(admitted <= 65 * 5)
        for _ in 0..<5 {
            fixture.pass(milliseconds: 1_000)
            fixture.book.sweep(shardCount: 64)
        }
        // Five seconds bring less than half a token: nobody new passes but for the room of those that were forgotten.
        let later = (0..<500).count { fixture.take(fixture.demand(five, "again\($0 % 3)"))?.isAdmitted == true }
        #expect(later <= 15)
    }

    @Test("an answer that does not add up is no answer", arguments: [0, 2, 5])
    func rubbish(granted: Int) {
        let world = SimulatedTime()
        let around = LeaseBook.Surroundings(
            nowNanoseconds: { world.nowNanoseconds }, sleep: { await world.sleep($0) }, jitter: { 1 })
        let book = LeaseBook(hasher: BucketKeyHasher(secret: (1, 2)), surroundings: around)
        let store = LeasedBucketStore(book: book, authority: RubbishAuthority(grantedTokens: granted))
        let demand = book.hasher.prepare(limit()).demand(on: "k")
        let answer = Held<BucketOutcome?>(nil)
        world.spawn { answer.set(await store.take([demand], nowNanoseconds: world.nowNanoseconds)) }
        world.run(until: world.nowNanoseconds + 1_000_000)
        #expect(answer.value?.isDegraded == true)
        #expect(book.gauges().failures == 1)
    }
}

/// Grants a number of tokens to whatever it is asked; five means no grant at all.
private struct RubbishAuthority: BucketAuthority {
    let grantedTokens: Int

    func take(_ asks: [BucketAsk]) async -> AuthorityOutcome {
        let grant = BucketGrant(
            grantedTokens: grantedTokens, remainingTokens: 1, fullAfterMicroseconds: 1, waitMicroseconds: 0)
        return .decided(grantedTokens == 5 ? [] : [grant], atMicroseconds: 1)
    }

    func probe() async -> Bool { true }
}
