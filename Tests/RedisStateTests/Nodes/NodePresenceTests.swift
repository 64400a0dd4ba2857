import RedisFixtures
import Synchronization
import Testing

@testable import RedisState

func nodeRecord(_ id: String) -> NodeRecord {
    NodeRecord(
        id: id, name: "node-\(id)", version: "1.0", address: "10.0.0.1:8080", startedAtMilliseconds: 1_700_000_000_000,
        load: NodeLoad(requestsInFlight: 3, requestsPerSecond: 1_200))
}

/// What every node list keeps, whatever it stands on.
func keepsNodeContract(_ share: any NodeShare, passing: @Sendable (_ milliseconds: Int64) async -> Void)
    async throws
{
    #expect(try await share.announce(nodeRecord("a"), timeToLiveMilliseconds: 60_000).get() == [nodeRecord("a")])
    let both = try await share.announce(nodeRecord("b"), timeToLiveMilliseconds: 300).get()
    #expect(Set(both) == [nodeRecord("a"), nodeRecord("b")])
    var busier = nodeRecord("a")
    busier.load.requestsInFlight = 9
    #expect(Set(try await share.announce(busier, timeToLiveMilliseconds: 60_000).get()) == [busier, nodeRecord("b")])
    await passing(400)
    #expect(try await share.announce(busier, timeToLiveMilliseconds: 60_000).get() == [busier])
    _ = try await share.announce(nodeRecord("c"), timeToLiveMilliseconds: 60_000).get()
    try await share.remove(id: "a").get()
    #expect(try await share.announce(nodeRecord("c"), timeToLiveMilliseconds: 60_000).get() == [nodeRecord("c")])
    try await share.remove(id: "never was").get()
}

@Suite("Node list", .timeLimit(.minutes(1)))
struct NodePresenceTests {
    @Test("keys are told by their ids, and a node of an older version tells of none")
    func keys() throws {
        var node = nodeRecord("a")
        #expect(NodeRecord(decoding: node.encoded)?.keyIds == nil)
        node.keyIds = ["2026-11-a", "2026-11-b"]
        #expect(NodeRecord(decoding: node.encoded) == node)
        node.keyIds = []
        #expect(NodeRecord(decoding: node.encoded)?.keyIds == [])
        let old = String(decoding: node.encoded, as: UTF8.self).replacing(#","keys":[]"#, with: "")
        #expect(!old.contains("keys"))
        #expect(NodeRecord(decoding: Array(old.utf8)) == nodeRecord("a"))
        // What is no list of ids is left out.
        node.keyIds = ["good", String(repeating: "x", count: 300), "bad\u{1}"] + (0..<40).map { "k\($0)" }
        let read = NodeRecord(decoding: node.encoded)?.keyIds
        #expect(read?.first == "good" && read?.contains("bad\u{1}") == false && (read?.count ?? 99) <= 16)
    }

    @Test("in memory nodes come, tell their load, and go")
    func memory() async throws {
        let clock = TestClock()
        try await keepsNodeContract(MemoryNodeShare(clock: clock)) { clock.advance(milliseconds: $0) }
    }

    @Test(
        "in a real Redis nodes come, tell their load, and go", .enabled(if: RedisServer.isInstalled),
        arguments: RedisForm.allCases)
    func redis(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        try await keepsNodeContract(RedisNodeShare(commands: under.commands, names: under.names)) {
            try? await Task.sleep(for: .milliseconds($0))
        }
        let keys = try under.keys()
        #expect(Set(keys.keys) == ["\(under.prefix){nodes}:alive", "\(under.prefix){nodes}:records"])
        #expect(keys.values.allSatisfy { $0 > 0 })
        await under.close()
    }

    @Test("what no node wrote is no node, and gives way", .enabled(if: RedisServer.isInstalled))
    func poisoned() async throws {
        let server = try RedisServer.started()
        let redis = try SocketRedis(port: server.port)
        let share = RedisNodeShare(commands: redis)
        let alive = "intentusnet:{nodes}:alive"
        let records = "intentusnet:{nodes}:records"
        try redis.roundTrip(["SET", alive, "rubbish"])
        try redis.roundTrip(["LPUSH", records, "rubbish"])
        #expect(try await share.announce(nodeRecord("a"), timeToLiveMilliseconds: 5_000).get() == [nodeRecord("a")])
        // A node that lives for ever, one that says nothing, one that says too much, one without a record.
        try redis.roundTrip(["ZADD", alive, "99999999999999", "ghost"])
        try redis.roundTrip(["HSET", records, "ghost", String(decoding: nodeRecord("ghost").encoded, as: UTF8.self)])
        let soon = String((try #require(try redis.roundTrip(["TIME"]).array?.first?.integer) + 5) * 1_000)
        try redis.roundTrip(["ZADD", alive, soon, "mute", soon, "loud", soon, "bare", soon, "odd"])
        try redis.roundTrip(["HSET", records, "mute", "", "loud", String(repeating: "x", count: 10_000)])
        try redis.roundTrip([
            "HSET", records, "odd",
            #"{"id":"odd\u001b[2J","name":"","version":"","address":"","started":0,"inFlight":0,"rps":0}"#,
        ])
        #expect(try await share.announce(nodeRecord("a"), timeToLiveMilliseconds: 5_000).get() == [nodeRecord("a")])
        #expect(try redis.roundTrip(["ZSCORE", alive, "ghost"]) == .null)
    }

    @Test("a presence counts the others, keeps them while the store is away, and itself always")
    func lastKnown() async throws {
        let clock = TestClock()
        let share = MemoryNodeShare(clock: clock)
        let events = Mutex<[NodePresence.Event]>([])
        let first = presence("a", share, clock) { event in events.withLock { $0.append(event) } }
        let second = presence("b", share, clock)
        #expect(first.liveCount == 1)
        #expect(first.liveNodes().map(\.id) == ["a"])
        share.fail(.notConnected("away"))
        await first.beat()
        #expect(first.liveCount == 1)
        share.fail(nil)
        await second.beat()
        await first.beat()
        #expect(first.liveCount == 2)
        share.fail(.timedOut)
        for _ in 0..<100 {
            clock.advance(milliseconds: 1_000)
            await first.beat()
        }
        #expect(first.liveCount == 2)
        #expect(first.figures.isAway)
        #expect(events.withLock { $0 } == [.lost(.notConnected("away")), .found(nodes: 2), .lost(.timedOut)])
    }

    @Test("a store that comes back empty makes nobody alone before the others had time to come back too")
    func emptyStore() async throws {
        let clock = TestClock()
        let share = MemoryNodeShare(clock: clock)
        let first = presence("a", share, clock)
        let second = presence("b", share, clock)
        await second.beat()
        await first.beat()
        share.fail(.connectionLost)
        await first.beat()
        share.forgetAll()
        share.fail(nil)
        await first.beat()
        #expect(first.liveCount == 2)
        clock.advance(milliseconds: 4_999)
        await first.beat()
        #expect(first.liveCount == 2)
        clock.advance(milliseconds: 1)
        await first.beat()
        #expect(first.liveCount == 1)
    }

    @Test("who leaves is gone at once and does not come back by a late heartbeat")
    func leaving() async throws {
        let clock = TestClock()
        let share = MemoryNodeShare(clock: clock)
        let first = presence("a", share, clock)
        let second = presence("b", share, clock)
        await first.beat()
        await second.beat()
        await first.leave()
        await first.beat()
        await second.beat()
        #expect(second.liveNodes().map(\.id) == ["b"])
    }

    @Test(
        "gateways on a real Redis see one another within a second and notice a death within five",
        .enabled(if: RedisServer.isInstalled))
    func running() async throws {
        let server = try RedisServer.started()
        let nodes = try ["a", "b", "c"].map { id in
            NodePresence(
                own: nodeRecord(id), share: RedisNodeShare(commands: try SocketRedis(port: server.port)),
                surroundings: .real, load: { NodeLoad(requestsInFlight: 1, requestsPerSecond: 2) })
        }
        let tasks = nodes.map { node in Task { await node.run() } }
        defer { for task in tasks { task.cancel() } }
        #expect(await eventually(within: 2) { nodes.allSatisfy { $0.liveCount == 3 } })
        #expect(nodes[0].liveNodes().map(\.load.requestsPerSecond) == [2, 2, 2])
        tasks[2].cancel()
        #expect(await eventually(within: 7) { nodes[0].liveCount == 2 && nodes[1].liveCount == 2 })
    }

    private func presence(
        _ id: String, _ share: any NodeShare, _ clock: TestClock,
        onEvent: @escaping @Sendable (NodePresence.Event) -> Void = { _ in }
    ) -> NodePresence {
        NodePresence(
            own: nodeRecord(id), share: share, surroundings: .manual(clock), load: { NodeLoad() }, onEvent: onEvent)
    }
}
