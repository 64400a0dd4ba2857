import Testing

@testable import RedisState

@Suite("What is told of a link")
struct LinkNewsTests {
    private let address = RedisAddress(host: "h", port: 1)

    @Test("a change is told once, and a server that comes and goes is told of again when it stays")
    func once() {
        var news = LinkNews()
        #expect(news.failed("h:1", reason: "refused") == .unreachable("h:1", reason: "refused"))
        #expect(news.failed("h:1", reason: "refused") == nil)
        #expect(news.failed("h:1", reason: "other") == .unreachable("h:1", reason: "other"))
        #expect(news.connected(to: address) == .connected(address))
        #expect(news.lasted(to: address) == nil)
        for round in 0..<3 {
            #expect(
                news.lost(address, reason: "READONLY", hadLasted: round == 0)
                    == (round == 0 ? .lost(address, reason: "READONLY") : nil))
            #expect(
                news.failed("h:1", reason: "refused") == (round == 0 ? .unreachable("h:1", reason: "refused") : nil))
            // Back the first time is news; back again after a moment is not.
            #expect(news.connected(to: address) == (round == 0 ? .connected(address) : nil))
        }
        #expect(news.lasted(to: address) == .connected(address))
        #expect(news.lost(address, reason: "READONLY", hadLasted: true) == .lost(address, reason: "READONLY"))
    }

    @Test("reasons that differ each time fill no log")
    func bounded() {
        var news = LinkNews()
        #expect((0..<1_000).compactMap { news.failed("h", reason: "\($0)") }.count == 16)
    }
}
