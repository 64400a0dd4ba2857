import RateLimiting
import Testing

@Suite("Rate limit headers")
struct RateLimitHeadersTests {
    private let fixture = StoreFixture()

    @Test("B17: an admitted request is told its limit")
    func admitted() {
        let limit = RateLimit(name: "tenant-rate-limit", ratePerMinute: 1_000)
        let demands = [fixture.demand(limit, "acme")]
        let admission = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(policy(demands, admission) == "\"tenant-rate-limit\";q=1000;w=60")
        #expect(state(demands, admission) == "\"tenant-rate-limit\";r=999;t=1")
        #expect(retryAfter(admission) == nil)
    }

    @Test(
        "B17: a refusal says in whole seconds when to come again, rounded up and at least 1",
        arguments: [(60, "1"), (7, "9"), (1_000_000, "1")])
    func retry(rate: Int, expected: String) {
        let limit = RateLimit(name: "r", capacityTokens: 1, ratePerMinute: rate)
        #expect(fixture.take(limit, "k").isAdmitted)
        #expect(retryAfter(fixture.take(limit, "k")) == expected)
    }

    @Test("the most constrained limit comes first, shadow limits are not told")
    func order() {
        let demands = [
            fixture.demand(RateLimit(name: "wide", ratePerMinute: 100), "k"),
            fixture.demand(RateLimit(name: "watched", ratePerMinute: 1, shadow: true), "k"),
            fixture.demand(RateLimit(name: "narrow", capacityTokens: 5, ratePerMinute: 60), "k"),
        ]
        let admission = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(policy(demands, admission) == "\"narrow\";q=5;w=5, \"wide\";q=100;w=60")
        #expect(state(demands, admission) == "\"narrow\";r=4;t=1, \"wide\";r=99;t=1")
    }

    @Test("a refusal for good has no Retry-After, a shadow alone nothing to tell")
    func nothingToTell() {
        #expect(retryAfter(fixture.take(RateLimit(name: "off", ratePerMinute: 0), "k")) == nil)
        let demands = [fixture.demand(RateLimit(name: "s", ratePerMinute: 5, shadow: true), "k")]
        let admission = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(policy(demands, admission) == nil)
        #expect(state(demands, admission) == nil)
        #expect(policy([], fixture.store.takeNow([], nowNanoseconds: 0)) == nil)
    }

    @Test("no rule id can end the header line or leave its quotes")
    func escaping() {
        let demands = [fixture.demand(RateLimit(name: "a\"b\\c\r\nX: é", ratePerMinute: 1), "k")]
        let admission = fixture.store.takeNow(demands, nowNanoseconds: 0)
        #expect(policy(demands, admission) == "\"a\\\"b\\\\c%0D%0AX: %C3%A9\";q=1;w=60")
    }

    private func policy(_ demands: [BucketDemand], _ admission: Admission) -> String? {
        text { RateLimitHeaders.appendPolicy(demands, admission, to: &$0) }
    }

    private func state(_ demands: [BucketDemand], _ admission: Admission) -> String? {
        text { RateLimitHeaders.appendState(demands, admission, to: &$0) }
    }

    private func retryAfter(_ admission: Admission) -> String? {
        text { RateLimitHeaders.appendRetryAfter(admission, to: &$0) }
    }

    private func text(_ append: (inout [UInt8]) -> Bool) -> String? {
        var bytes: [UInt8] = []
        let appended = append(&bytes)
        #expect(appended == !bytes.isEmpty)
        return appended ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
