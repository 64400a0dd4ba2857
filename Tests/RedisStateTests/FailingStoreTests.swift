import Identity
import RedisFixtures
import Routing
import Testing

@testable import RedisState

/// The contracts of all ports over a store that fails on purpose: while it fails everybody is told so and nothing is changed, and
/// afterwards it keeps its contract as if nothing had been.
@Suite("S12 stores that fail on purpose", .timeLimit(.minutes(1)), .enabled(if: RedisServer.isInstalled))
struct FailingStoreTests {
    private static let failures: [RedisFailure] = [
        .notConnected("on purpose"), .overloaded, .timedOut, .connectionLost, .unexpectedReply("rubbish"),
        .refused(RedisServerError(line: "OOM command not allowed")),
        .refused(RedisServerError(line: "READONLY You can't write against a read only replica.")),
    ]

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Fails in every way, and lets everything pass again.
    private func failing(
        _ redis: FailingRedis, _ under: RedisUnderTest, _ use: (RedisFailure) async throws -> Void
    ) async throws {
        for failure in Self.failures {
            redis.fail(failure)
            try await use(failure)
        }
        redis.fail(nil)
        #expect(try under.keys().isEmpty, "something was written")
    }

    @Test("key sets: no copy, no lock, no right to fetch while the store fails", arguments: RedisForm.allCases)
    func keySets(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let redis = FailingRedis(under.commands)
        let share = RedisKeySetShare(
            issuer: "https://failing", url: "https://failing/keys", commands: redis, names: under.names,
            timing: shortKeySetTiming)
        try await failing(redis, under) { failure in
            var question = KeySetQuestion(token: bytes("a"), reason: .scheduled, knownLabel: [])
            question.ignoresFailure = true
            #expect(await share.ask(question) == .failure(failure))
            #expect(await share.newerCopy(knownLabel: []) == .failure(failure))
            let stored = await share.store(bytes("one\nkeys"), token: bytes("a"), timeToLiveMilliseconds: 60_000)
            #expect(stored == .failure(failure))
            guard case .failure(failure) = await share.giveUp(token: bytes("a"), failure: "down") else {
                Issue.record("a lock was given back")
                return
            }
        }
        try await keepsKeySetContract(share) { try? await Task.sleep(for: .milliseconds($0)) }
        await under.close()
    }

    @Test("agents: none registers, leaves or is read while the store fails", arguments: RedisForm.allCases)
    func directory(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let redis = FailingRedis(under.commands)
        let share = RedisDirectoryShare(
            commands: redis, subscriptions: under.subscriptions, names: under.names, limits: directoryContractLimits,
            token: { StoreSurroundings.real.token() })
        try await failing(redis, under) { failure in
            #expect(await share.put(registration("a", "1"), expiresInMilliseconds: 60_000) == .failure(failure))
            #expect(await share.remove(agent: "a", instance: "1", owner: "svc") == .failure(failure))
            guard case .failure(failure) = await share.pull(from: SharePlace()) else {
                Issue.record("a page was read")
                return
            }
        }
        try await keepsDirectoryContract(share) { try? await Task.sleep(for: .milliseconds($0)) }
        await under.close()
    }

    @Test("nodes: nobody is announced, listed or gone while the store fails", arguments: RedisForm.allCases)
    func nodes(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let redis = FailingRedis(under.commands)
        let share = RedisNodeShare(commands: redis, names: under.names)
        try await failing(redis, under) { failure in
            #expect(await share.announce(nodeRecord("a"), timeToLiveMilliseconds: 60_000) == .failure(failure))
            guard case .failure(failure) = await share.remove(id: "a") else {
                Issue.record("a node was removed")
                return
            }
        }
        try await keepsNodeContract(share) { try? await Task.sleep(for: .milliseconds($0)) }
        await under.close()
    }

    @Test("proofs: none passes while the store fails, and none is used up by it", arguments: RedisForm.allCases)
    func replay(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let redis = FailingRedis(under.commands)
        let clock = TestClock()
        // The breaker's clock is the test's: what it skips is not asked for, and another clock would skip the contract too.
        let cache = RedisReplayCache.patient(redis, names: under.names, surroundings: .manual(clock))
        try await failing(redis, under) { _ in
            for use in 0..<3 {
                #expect(
                    await cache.firstUse(of: bytes("nonce-1"), scope: "alice", timeToLiveMilliseconds: 60_000)
                        == .unavailable, "use \(use)")
            }
        }
        clock.advance(milliseconds: 2_000)
        await keepsReplayContract(cache) { try? await Task.sleep(for: .milliseconds($0)) }
        await under.close()
    }

    @Test("the twins in memory say the same while they fail")
    func memory() async throws {
        let clock = TestClock()
        let keySets = MemoryKeySetShare(clock: clock, timing: shortKeySetTiming)
        let directory = MemoryDirectoryShare(clock: clock, limits: directoryContractLimits)
        let nodes = MemoryNodeShare(clock: clock)
        for failure in Self.failures {
            for fail in [keySets.fail, directory.fail, nodes.fail] { fail(failure) }
            let question = KeySetQuestion(token: bytes("a"), reason: .reload, knownLabel: [])
            #expect(await keySets.ask(question) == .failure(failure))
            #expect(await directory.put(registration("a", "1"), expiresInMilliseconds: 1_000) == .failure(failure))
            #expect(await nodes.announce(nodeRecord("a"), timeToLiveMilliseconds: 1_000) == .failure(failure))
        }
        for fail in [keySets.fail, directory.fail, nodes.fail] { fail(nil) }
        try await keepsKeySetContract(keySets) { clock.advance(milliseconds: $0) }
        try await keepsDirectoryContract(directory) { clock.advance(milliseconds: $0) }
        try await keepsNodeContract(nodes) { clock.advance(milliseconds: $0) }
    }
}
