import RedisFixtures
import Testing

@testable import RedisState

@Suite("S22 the memory of Redis", .timeLimit(.minutes(1)))
struct RedisMemoryTests {
    /// A state whose looks an expectation can take.
    private final class Looks {
        private var state = RedisMemoryState()

        var alarm: RedisMemoryState.Alarm? { state.alarm }
        var isKnown: Bool { state.isKnown }
        var evictedKeys: Int { state.evictedKeys }

        func note(_ servers: [RedisMemory?], nowNanoseconds now: Int64) -> Bool {
            state.note(servers, nowNanoseconds: now)
        }
    }

    private func server(
        _ policy: String = "noeviction", max: Int = 1_000, used: Int = 100, evicted: Int = 0, run: String = "a"
    ) -> RedisMemory {
        RedisMemory(runID: run, policy: policy, maxBytes: max, usedBytes: used, evictedKeys: evicted)
    }

    @Test("a policy that may evict is an alarm where memory has a bound, and each change is told once")
    func policies() {
        let state = Looks()
        #expect(!state.note([server("allkeys-lru", max: 0)], nowNanoseconds: 0))
        #expect(state.alarm == nil && state.isKnown)
        for policy in ["allkeys-lru", "volatile-ttl", "volatile-lfu"] {
            #expect(state.note([server(policy)], nowNanoseconds: 1))
            #expect(!state.note([server(policy)], nowNanoseconds: 2))
            #expect(state.alarm == .mayEvict(policy: policy))
        }
        #expect(state.note([server()], nowNanoseconds: 3))
        #expect(state.alarm == nil)
        #expect(state.note([server(used: 901)], nowNanoseconds: 4))
        #expect(state.alarm == .nearlyFull)
    }

    @Test("evictions are counted from the first look on, through restarts, and are an alarm for five minutes")
    func evictions() {
        let state = Looks()
        _ = state.note([server(evicted: 7), server(evicted: 3, run: "b")], nowNanoseconds: 0)
        #expect(state.evictedKeys == 0 && state.alarm == nil)
        #expect(state.note([server(evicted: 9), server(evicted: 4, run: "b")], nowNanoseconds: 1))
        #expect(state.evictedKeys == 3)
        #expect(state.alarm == .evicted(policy: "noeviction"))
        // Another process under the same address counts from its own beginning.
        _ = state.note([server(evicted: 100, run: "c"), server(evicted: 4, run: "b")], nowNanoseconds: 2)
        _ = state.note([server(evicted: 101, run: "c"), server(evicted: 4, run: "b")], nowNanoseconds: 3)
        #expect(state.evictedKeys == 4)
        #expect(!state.note([server(run: "c")], nowNanoseconds: 3 + RedisMemoryState.alarmNanoseconds - 1))
        #expect(state.note([server(run: "c")], nowNanoseconds: 3 + RedisMemoryState.alarmNanoseconds))
        #expect(state.alarm == nil)
    }

    @Test("a server that does not tell neither raises an alarm nor ends one")
    func silence() {
        let state = Looks()
        #expect(!state.note([nil], nowNanoseconds: 0))
        #expect(state.alarm == nil && !state.isKnown)
        _ = state.note([server("allkeys-lru")], nowNanoseconds: 1)
        #expect(!state.note([server(), nil], nowNanoseconds: 2))
        #expect(!state.note([], nowNanoseconds: 3))
        #expect(state.alarm == .mayEvict(policy: "allkeys-lru"))
    }

    @Test(
        "INFO that leaves something out is none",
        arguments: ["run_id", "maxmemory_policy", "maxmemory", "evicted_keys"])
    func reading(left: String) {
        let fields = [
            "run_id:abc", "maxmemory:5", "maxmemory_policy:allkeys-lru", "used_memory:4", "evicted_keys:6",
        ]
        let whole = RedisMemory(info: "# Memory\r\n" + fields.joined(separator: "\r\n"))
        #expect(whole == RedisMemory(runID: "abc", policy: "allkeys-lru", maxBytes: 5, usedBytes: 4, evictedKeys: 6))
        #expect(RedisMemory(info: fields.filter { !$0.hasPrefix("\(left):") }.joined(separator: "\r\n")) == nil)
    }

    @Test("a Redis that evicts buckets is seen doing so", .enabled(if: RedisServer.isInstalled))
    func evicting() async throws {
        let redis = try RedisServer.started(.lines("maxmemory 3mb", "maxmemory-policy allkeys-lru"))
        let test = try await TestClient.started(.standalone(redis.port))
        let alarms = Told<RedisMemoryState.Alarm?>()
        let watch = RedisMemoryWatch(client: test.client, surroundings: .real) { alarms.add($0) }
        await watch.look()
        #expect(alarms.all == [.mayEvict(policy: "allkeys-lru")])
        let value = String(repeating: "x", count: 100_000)
        for number in 0..<60 {
            #expect(
                await test.send("SET", "filler-\(number)", value, "PX", "600000", key: "f") == .success(.status("OK")))
        }
        await watch.look()
        #expect(alarms.all.last == .evicted(policy: "allkeys-lru"))
        #expect(watch.current.evictedKeys > 0)
        #expect(watch.current.maxBytes == 3 * 1_024 * 1_024)
        await test.close()
    }

    @Test("every master of a cluster is looked at", .enabled(if: RedisServer.isInstalled))
    func masters() async throws {
        let cluster = try RedisCluster(replicasEach: 0)
        let test = try await TestClient.started(.cluster(cluster.ports))
        let replies = await test.client.askMasters(["INFO"], timeoutMilliseconds: 5_000)
        let runs = replies.compactMap { reply -> String? in
            guard case .success(let value) = reply else { return nil }
            return value.text.flatMap { RedisMemory(info: $0) }?.runID
        }
        #expect(Set(runs).count == 3)
        await test.close()
    }
}
