import RateLimiting
import Testing

@Suite("Hot limits")
struct HotLimitsTests {
    private let fixture = StoreFixture()
    private let limit = RateLimit(name: "tenant", capacityTokens: 10, ratePerMinute: 60)

    /// Takes a token and notes what became of it.
    private func ask(_ hot: HotLimits, _ key: String, at now: Int64) {
        let demands = [fixture.demand(limit, key)]
        let admission = fixture.store.takeNow(demands, nowNanoseconds: now)
        hot.note(demands, .decided(admission), nowNanoseconds: now)
    }

    @Test("the one that is asked most comes first, with its rate, its refusals and its level")
    func order() throws {
        let hot = HotLimits()
        // 4 seconds: acme every 100 ms, globex every second.
        for step in 0..<40 {
            ask(hot, "acme", at: Int64(step) * second / 10 + 1)
            if step % 10 == 0 { ask(hot, "globex", at: Int64(step) * second / 10 + second / 20) }
        }
        let now = 4 * second - 1
        let list = HotLimits.hottest([hot], countMax: 10, nowNanoseconds: now)
        #expect(list.map(\.fields) == [["acme"], ["globex"]])
        #expect(list[0].limit.name == "tenant")
        #expect((9.0...11.0).contains(list[0].requestsPerSecond), "\(list[0])")
        // Ten of the burst and four that came since are admitted.
        #expect((6.0...7.0).contains(list[0].refusedPerSecond), "\(list[0])")
        #expect(list[0].remainingTokens == 0)
        #expect(HotLimits.hottest([hot], countMax: 1, nowNanoseconds: now).count == 1)
    }

    @Test("a level rises by the rate after the last demand, up to the burst; what nobody asks for is forgotten")
    func refill() throws {
        let hot = HotLimits()
        for _ in 0..<10 { _ = fixture.take(limit, "acme") }
        ask(hot, "acme", at: 0)
        let later = HotLimits.hottest([hot], countMax: 1, nowNanoseconds: 3 * second + second / 2)
        #expect(later.first?.remainingTokens == 3)
        #expect(HotLimits.hottest([hot], countMax: 1, nowNanoseconds: 60 * second).isEmpty)
    }

    @Test("a busy loop notes one of many, with the weight of all")
    func sampling() throws {
        let hot = HotLimits()
        // 100,000 a second for 4 seconds.
        for step in 0..<400_000 { ask(hot, "acme", at: Int64(step) * 10_000) }
        let list = HotLimits.hottest([hot], countMax: 1, nowNanoseconds: 4 * second - 1)
        #expect((99_000.0...101_000.0).contains(try #require(list.first).requestsPerSecond), "\(list)")
    }

    @Test("the loops of a node are added up; the one that asked last knows the level")
    func loops() throws {
        let (one, other) = (HotLimits(), HotLimits())
        for step in 0..<4 { ask(one, "acme", at: Int64(step) * second / 2 + 1) }
        for step in 4..<8 { ask(other, "acme", at: Int64(step) * second / 2 + 1) }
        let list = HotLimits.hottest([one, other], countMax: 10, nowNanoseconds: 4 * second - 1)
        #expect(list.count == 1)
        #expect((1.9...2.1).contains(list[0].requestsPerSecond), "\(list)")
        // Eight of ten are gone, three and a half came back.
        #expect((4...6).contains(list[0].remainingTokens), "\(list)")
    }

    @Test("S22: keys that a caller makes up cost a bounded table, and the hot one stays in it")
    func bound() throws {
        let hot = HotLimits()
        for step in 0..<5_000 {
            let now = Int64(step) * 2_000_000
            ask(hot, "made-up-\(step)", at: now)
            ask(hot, "acme", at: now + 1_000_000)
        }
        let list = HotLimits.hottest([hot], countMax: .max, nowNanoseconds: 10 * second)
        #expect(list.count <= HotLimits.countMax)
        #expect(list.first?.fields == ["acme"])
        let long = HotLimits()
        ask(long, String(repeating: "k", count: 10_000), at: 0)
        #expect(HotLimits.hottest([long], countMax: 1, nowNanoseconds: 1).first?.fields.first?.count == 129)
    }

    @Test("a store that is away leaves nothing to tell")
    func away() {
        let hot = HotLimits()
        hot.note([fixture.demand(limit, "acme")], .unavailable("away"), nowNanoseconds: 0)
        #expect(HotLimits.hottest([hot], countMax: 1, nowNanoseconds: 1).isEmpty)
    }
}
