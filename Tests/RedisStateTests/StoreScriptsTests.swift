import Identity
import RedisFixtures
import Routing
import Testing

@testable import RedisState

@Suite("Scripts of the stores", .timeLimit(.minutes(1)))
struct StoreScriptsTests {
    @Test("the commands that an ACL must allow are those that scripts call, and no more")
    func commands() {
        let called = StoreScripts.all.flatMap { script in
            script.text.matches(of: #/redis\.p?call\(\s*'([A-Z]+)'/#).map { String($0.1).lowercased() }
        }
        let outside: Set<String> = ["evalsha", "script|load", "subscribe"]
        #expect(Set(called) == Set(StoreScripts.commands).subtracting(outside))
        #expect(Set(StoreScripts.all.map(\.name)).count == StoreScripts.all.count)
    }

    @Test("S24 a user who may do this and nothing else can be a gateway", .enabled(if: RedisServer.isInstalled))
    func accessList() async throws {
        let server = try RedisServer.started()
        let admin = try SocketRedis(port: server.port)
        let rights = StoreScripts.commands.map { "+\($0)" }
        try admin.roundTrip(
            ["ACL", "SETUSER", "gateway", "on", ">secret", "~intentusnet:*", "resetchannels", "&intentusnet:*"]
                + rights)
        for script in StoreScripts.all { try admin.roundTrip(["SCRIPT", "LOAD", script.text]) }
        let redis = try SocketRedis(port: server.port)
        try redis.roundTrip(["AUTH", "gateway", "secret"])
        let agents = RedisDirectoryShare(
            commands: redis, subscriptions: SocketSubscriptions(port: server.port), names: KeyNames(),
            limits: .init(), token: { StoreSurroundings.real.token() })
        #expect(try await agents.put(registration("a", "1")) == .registered)
        var place = SharePlace()
        place.sweeps = true
        #expect(try await agents.pull(from: place).get().agents.count == 1)
        #expect(try await agents.remove(agent: "a", instance: "1", owner: "svc").get() == .removed)
        let keys = RedisKeySetShare(
            issuer: "i", url: "u", commands: redis, names: KeyNames(), timing: SharedKeySetTiming())
        let question = KeySetQuestion(token: [1], reason: .unknownKey)
        #expect(try await keys.ask(question).get().outcome == .mayFetch)
        #expect(try await keys.store([2, 10, 3], token: [1], timeToLiveMilliseconds: 60_000).get())
        let cache = RedisReplayCache.patient(redis)
        #expect(await cache.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 1_000) == .first)
        // Another prefix is another's.
        let others = RedisReplayCache.patient(redis, names: KeyNames(prefix: "other:"))
        #expect(await others.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 1_000) == .unavailable)
    }
}
