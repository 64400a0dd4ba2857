import Identity
import Routing
import Testing

@testable import RedisState

/// A Redis that answers everything alike.
private struct StubbornRedis: RedisCommands {
    let reply: Result<RedisValue, RedisFailure>

    func send(_ command: RedisCommand) async -> Result<RedisValue, RedisFailure> { reply }
    func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]], timeoutMilliseconds: Int64?
    ) async -> Result<RedisValue, RedisFailure> { reply }
}

private struct Silence: RedisSubscriptions {
    func messages(on channels: [String]) -> AsyncStream<RedisSubscriptionEvent> { AsyncStream { $0.finish() } }
}

@Suite("Redis that answers rubbish or refuses", .timeLimit(.minutes(1)))
struct UnexpectedReplyTests {
    static let replies: [Result<RedisValue, RedisFailure>] =
        [
            .null, .integer(-7), .status("WAT"), .bytes([0xff, 0]), .array([]), .array([.null]), .array([.array([])]),
            .array([.integer(1), .bytes(Array("copy".utf8))]),
            .array([.integer(1), .bytes(Array("failed".utf8)), .null]),
            .array([.bytes([]), .integer(1), .integer(1), .integer(1), .integer(1), .array([.bytes([97])])]),
            .array([
                .bytes([]), .integer(1), .integer(0), .integer(0), .integer(-1),
                .array([.bytes([97]), .bytes([]), .integer(.max), .bytes([])]),
            ]),
            .array([.error(RedisServerError(line: "ERR inside"))]),
        ].map(Result.success)
        + [
            "READONLY replica", "OOM command not allowed", "BUSY script", "NOPERM no", "WRONGTYPE", "CROSSSLOT",
            "LOADING",
        ]
        .map { .failure(.refused(RedisServerError(line: $0))) }
        + [.failure(.overloaded), .failure(.timedOut), .failure(.unexpectedReply("x"))]

    @Test("every store has a named outcome for it, and goes on with what it has", arguments: replies.indices)
    func outcomes(_ index: Int) async throws {
        let redis = StubbornRedis(reply: Self.replies[index])
        let clock = TestClock()

        let verdict = await RedisReplayCache.patient(redis).firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 1)
        #expect(verdict == (Self.replies[index] == .success(.null) ? .replayed : .unavailable))

        let own = NodeRecord(id: "a", name: "a", version: "1", address: "x", startedAtMilliseconds: 0)
        let presence = NodePresence(
            own: own, share: RedisNodeShare(commands: redis), surroundings: .manual(clock), load: { NodeLoad() })
        await presence.beat()
        #expect(presence.liveCount == 1)
        #expect(presence.liveNodes().map(\.id) == ["a"])

        let store = DirectoryStore()
        let directory = SharedDirectory(
            store: store, commands: redis, subscriptions: Silence(), surroundings: .manual(clock))
        await directory.pull()
        #expect(directory.figures.isAway)
        let now = clock.milliseconds * 1_000_000
        #expect(try await directory.register(registration("a", "1"), nowNanoseconds: now) == .registered)
        #expect(store.snapshot.agentCount == 1)
        await directory.writePending()
        #expect(directory.figures.pending == 1)
        try await directory.deregister(agent: "a", instance: "1", owner: "svc", nowNanoseconds: now)
        #expect(store.snapshot.agentCount == 0)

        let issuer = TestIssuerServer()
        let source = SharedKeySets(
            commands: redis, subscriptions: Silence(),
            settings: SharedKeySets.Settings(secret: [UInt8](repeating: 7, count: 32)), surroundings: .manual(clock)
        )
        .source(issuer: "i", url: "u", origin: issuer, keyTiming: KeySetTiming())
        #expect(try await source.fetch(.scheduled).bytes == TestIssuerServer.keySet(kid: "first"))
        #expect(await source.announced() == nil)
        #expect(issuer.count == 1)
        #expect(source.figures.fetchesAlone == 1)
    }
}
