import RedisFixtures
import Synchronization
import Testing

@testable import RedisState

@Suite("A generation that nodes share")
struct SharedGenerationTests {
    /// A number that answers, or does not, as told.
    private final class Share: GenerationShare {
        let number = Mutex<Int64?>(0)

        func advance() async -> Result<Int64, RedisFailure> {
            number.withLock { number in
                number = number.map { $0 + 1 }
                return number.map { .success($0) } ?? .failure(.notConnected("away"))
            }
        }

        func read() async -> Result<Int64, RedisFailure> {
            number.withLock { $0.map { .success($0) } ?? .failure(.notConnected("away")) }
        }

        func notices() -> AsyncStream<ShareNotice> { AsyncStream { $0.finish() } }
    }

    private static let around = StoreSurroundings(nowNanoseconds: { 0 }, sleep: { _ in }, random: { 7 })

    @Test("the first number is news, the same is not, another one is, and so is one that Redis has lost")
    func news() async {
        let share = Share()
        let node = SharedGeneration(share, surroundings: Self.around)
        #expect(await node.isNews())
        #expect(await !node.isNews())
        #expect(await node.advance() == .success(1))
        #expect(await node.isNews())
        #expect(node.current == 1)
        share.number.withLock { $0 = 0 }
        #expect(await node.isNews())
    }

    @Test("while Redis is away nothing is news, and whoever advances learns that nobody was told")
    func away() async {
        let share = Share()
        share.number.withLock { $0 = nil }
        let node = SharedGeneration(share, surroundings: Self.around)
        #expect(await !node.isNews())
        #expect(await node.advance() == .failure(.notConnected("away")))
    }

    @Test(
        "in a real Redis it goes up, tells who listens, and what is no number gives way",
        .enabled(if: RedisServer.isInstalled))
    func redis() async throws {
        let server = try RedisServer.started()
        let redis = try SocketRedis(port: server.port)
        let share = RedisGenerationShare(
            of: "key-rings", commands: redis, subscriptions: SocketSubscriptions(port: server.port), names: KeyNames())
        #expect(await share.read() == .success(0))
        var notices = share.notices().makeAsyncIterator()
        #expect(await notices.next() == .listening)
        #expect(await share.advance() == .success(1))
        #expect(await notices.next() == .changed)
        #expect(await share.read() == .success(1))
        let key = "intentusnet:{generations}:key-rings"
        for rubbish in ["words", "-3", "1.5", String(repeating: "9", count: 40), "1e300"] {
            try redis.roundTrip(["SET", key, rubbish])
            #expect(await share.read() == .success(0), "\(rubbish)")
            #expect(await share.advance() == .success(1), "\(rubbish)")
        }
        try redis.roundTrip(["DEL", key])
        try redis.roundTrip(["LPUSH", key, "1"])
        #expect(await share.read() == .success(0))
        #expect(await share.advance() == .success(1))
    }
}
