import GatewayTesting
import RedisFixtures
import Testing

@testable import RedisState

@Suite(
    "A client and a cluster", .serialized, .timeLimit(.minutes(2)), .enabled(if: RedisServer.isInstalled))
struct ClusterTests {
    /// Of this suite alone, for it moves slots and kills masters.
    private static let shared = Task { try await blocking { try RedisCluster() } }

    private static func nodes(_ cluster: RedisCluster, _ count: Int = 3) async throws -> [TestClient] {
        var nodes: [TestClient] = []
        for _ in 0..<count { nodes.append(try await TestClient.started(.cluster(cluster.ports))) }
        return nodes
    }

    private static func close(_ nodes: [TestClient]) async { for node in nodes { await node.close() } }

    /// What the servers counted, whoever has the key now.
    private static func counts(_ cluster: RedisCluster, _ keys: [String]) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for key in keys {
            let owner = try cluster.owner(ofSlot: cluster.slot(of: key))
            counts[key] = try owner.order("GET", key).text.flatMap(Int.init) ?? 0
        }
        return counts
    }

    @Test("slots that move under load cost no command its answer, and each is carried out once")
    func moved() async throws {
        let cluster = try await Self.shared.value
        let nodes = try await Self.nodes(cluster)
        let keys = (0..<12).map { "{moved}\($0)" } + (0..<24).map { "other\($0)" }
        let load = IncrementLoad(nodes, keys: keys)
        #expect(await load.pass(500))
        let slot = SlotHash.slot(of: Array("{moved}".utf8))
        var random = SeededRandom(seed: load.seed)
        for _ in 0..<4 {
            let choice = Int.random(in: 0..<2, using: &random)
            try await blocking {
                let owner = try cluster.owner(ofSlot: slot)
                try cluster.moveSlot(slot, to: cluster.masters().filter { $0.port != owner.port }[choice])
            }
            #expect(await load.pass(100))
        }
        let report = await load.stop()
        let redirections = nodes.map(\.counters.reading.redirections).reduce(0, +)
        print(
            "cluster, four moves of a slot: \(report.answers) answered, \(report.failures) failed, "
                + "\(redirections) redirections, longest wait \(report.gapMilliseconds) ms")
        #expect(report.failures == [:], "seed \(load.seed)")
        #expect(redirections > 0)
        let counts = try await blocking { try Self.counts(cluster, keys) }
        #expect(counts == report.counted.merging(keys.map { ($0, 0) }) { seen, _ in seen }, "seed \(load.seed)")
        // Redirections are no refusals, and a slot that moved is no change of masters.
        for node in nodes {
            #expect(node.counters.reading.refusals == 0)
            #expect(node.troubles == [])
            #expect(node.seen.count { if case .topologyChanged = $0 { true } else { false } } == 1, "\(node.seen)")
        }
        await Self.close(nodes)
    }

    @Test("a slot on its way is asked for where its key is, scripts that the new owner does not know included")
    func onItsWay() async throws {
        let cluster = try await Self.shared.value
        let nodes = try await Self.nodes(cluster, 2)
        let add = RedisScript(name: "add", text: "return redis.call('INCRBY', KEYS[1], ARGV[1])")
        let keys = (0..<20).map { "{onItsWay}\($0)" }
        for key in keys.prefix(10) {
            #expect(await nodes[0].send("SET", key, "100", key: key) == .success(.status("OK")))
        }
        let slot = SlotHash.slot(of: Array("{onItsWay}".utf8))
        let move = try await blocking {
            let owner = try cluster.owner(ofSlot: slot)
            let move = try cluster.beginMove(slot, to: cluster.masters().first { $0.port != owner.port } ?? owner)
            try move.migrateKeys(limit: 5)
            try move.target.order("SCRIPT", "FLUSH")
            return move
        }
        // Five keys are at the new owner, five at the old one, and ten are new.
        for (place, key) in keys.enumerated() {
            let node = nodes[place % 2]
            #expect(
                await node.client.run(
                    add, keys: [Array(key.utf8)], arguments: [Array("1".utf8)], timeoutMilliseconds: nil)
                    == .success(.integer(place < 10 ? 101 : 1)), "\(key)")
        }
        // Keys on both sides wait for the end of the move, and no longer.
        async let both = nodes[0].send("MGET", keys[0], keys[9], key: keys[0], within: 5_000)
        try? await Task.sleep(for: .milliseconds(100))
        try await blocking { try move.finish() }
        #expect(await both == .success(.array([.bytes(Array("101".utf8)), .bytes(Array("101".utf8))])))
        for key in keys { #expect(await nodes[1].send("INCR", key, key: key) != .failure(.timedOut)) }
        #expect(try move.target.order("CLUSTER", "COUNTKEYSINSLOT", "\(slot)") == .integer(20))
        await Self.close(nodes)
    }

    @Test("a move that never ends costs keys on both sides their time, and no more")
    func neverEnding() async throws {
        let cluster = try await Self.shared.value
        let nodes = try await Self.nodes(cluster, 1)
        let slot = SlotHash.slot(of: Array("{never}".utf8))
        for key in ["{never}1", "{never}2"] { _ = await nodes[0].send("SET", key, "x", key: key) }
        let move = try await blocking {
            let owner = try cluster.owner(ofSlot: slot)
            let move = try cluster.beginMove(slot, to: cluster.masters().first { $0.port != owner.port } ?? owner)
            try move.migrateKeys(limit: 1)
            return move
        }
        let took = await ContinuousClock().measure {
            guard
                case .failure(.refused(let error)) = await nodes[0].send(
                    "MGET", "{never}1", "{never}2", key: "{never}1", within: 200)
            else {
                Issue.record("half a slot answered")
                return
            }
            #expect(error.kind == "TRYAGAIN")
        }
        #expect(took < .milliseconds(300), "\(took)")
        try await blocking { try move.cancel() }
        await Self.close(nodes)
    }

    @Test("a master killed with -9: its keys are counted again at its heir, and who listened at it listens elsewhere")
    func killed() async throws {
        let cluster = try await Self.shared.value
        let victim = try await blocking { try cluster.masters()[0] }
        // Knows nothing but the node that will die.
        let nodes = try await Self.nodes(cluster)
        let settings = RedisSettings.cluster([victim.port])
        let seeded = try await TestClient.started(settings)
        let subscriber = RedisSubscriber(
            eventLoop: seeded.loop, settings: settings, counters: seeded.counters)
        let heard = Told<RedisSubscriptionEvent>()
        let listening = Task { for await event in subscriber.messages(on: ["news"]) { heard.add(event) } }
        #expect(await eventually { heard.all == [.subscribed] })
        let load = IncrementLoad(nodes + [seeded], keys: (0..<60).map { "killed\($0)" })
        #expect(await load.pass(500))
        let began = ContinuousClock.now
        let heir = try await blocking { try cluster.failover(killing: victim) }
        let failedOver = (ContinuousClock.now - began).inMilliseconds
        #expect(await load.pass(500))
        let report = await load.stop()
        print(
            "cluster, master killed: healthy after \(failedOver) ms, commands were away \(report.gapMilliseconds) ms, "
                + "\(report.answers) answered, \(report.failures)")
        #expect(report.gapMilliseconds < 10_000, "seed \(load.seed)")
        let named: Set = ["not connected", "the connection was lost", "CLUSTERDOWN", "no reply in time"]
        #expect(named.isSuperset(of: report.failures.keys), "\(report.failures), seed \(load.seed)")
        for node in nodes + [seeded] {
            #expect(await eventually { await node.client.isReady() })
            #expect(await node.client.slotMap().masters.contains(heir.address))
            #expect(node.troubles.count <= 4, "\(node.troubles)")
        }
        #expect(await eventually { heard.all == [.subscribed, .lost, .subscribed] }, "\(heard.all)")
        _ = await nodes[0].send("PUBLISH", "news", "hello")
        #expect(await eventually { heard.all.last == .message(channel: "news", payload: Array("hello".utf8)) })
        try await blocking {
            try victim.start()
            try cluster.waitUntilHealthy()
        }
        let after = IncrementLoad(nodes, keys: (0..<60).map { "killed\($0)" })
        #expect(await after.pass(500))
        #expect(await after.stop().failures == [:], "seed \(after.seed)")
        listening.cancel()
        await subscriber.close()
        await Self.close(nodes + [seeded])
    }

    @Test("a node that gets its first slots is asked while the map does not name it, and its connection stays")
    func firstSlots() async throws {
        let (old, new) = try await blocking { try Self.clusterWithGuest() }
        let node = try await TestClient.started(.cluster([old.port]))
        #expect(await node.client.slotMap().masters == [old.address])
        let slot = "\(SlotHash.slot(of: Array("{first}".utf8)))"
        try new.order("CLUSTER", "SETSLOT", slot, "IMPORTING", old.order("CLUSTER", "MYID").text ?? "")
        try old.order("CLUSTER", "SETSLOT", slot, "MIGRATING", new.order("CLUSTER", "MYID").text ?? "")
        // However often the map is read meanwhile: it does not name the new node yet.
        let connections = node.counters.reading.connections
        for round in 0..<40 {
            let key = "{first}\(round)"
            #expect(await node.send("INCR", key, key: key) == .success(.integer(1)), "round \(round)")
            node.client.readMapSoon()
            try? await Task.sleep(for: .milliseconds(10))
        }
        #expect(node.counters.reading.connections <= connections + 1)
        await node.close()
    }

    /// A node with all slots, and one that has met it and has none.
    private static func clusterWithGuest() throws -> (old: RedisServer, new: RedisServer) {
        let nodes = try (0..<2).map { _ in
            try RedisServer.started(
                .lines(
                    "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 1000",
                    "cluster-announce-ip 127.0.0.1"))
        }
        try nodes[0].order("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        try nodes[0].order("CLUSTER", "MEET", "127.0.0.1", "\(nodes[1].port)")
        try Deadline.wait(for: "two nodes to meet", milliseconds: Deadline.startMilliseconds) {
            try nodes.allSatisfy {
                let info = try $0.order("CLUSTER", "INFO").infoFields
                return info["cluster_state"] == "ok" && info["cluster_known_nodes"] == "2"
            }
        }
        return (nodes[0], nodes[1])
    }

    /// Finds out that a master is gone by commands alone: its links are not made again while a test lasts.
    private static func incurious(_ ports: [Int]) -> RedisSettings {
        var settings = RedisSettings.cluster(ports)
        (settings.backOffFirstMilliseconds, settings.backOffMaxMilliseconds) = (600_000, 600_000)
        settings.clusterRefreshMilliseconds = 600_000
        return settings
    }

    @Test("a command that is asked of a master that died is answered by its heir, if it has the time")
    func heir() async throws {
        let cluster = try await blocking { try RedisCluster() }
        let victim = try await blocking { try cluster.masters()[0] }
        let key = try #require(
            (0..<1_000).map { "key\($0)" }.first { try cluster.owner(ofSlot: cluster.slot(of: $0)) === victim })
        let node = try await TestClient.started(Self.incurious(cluster.ports))
        #expect(await node.send("SET", key, "1", key: key) == .success(.status("OK")))
        try await blocking {
            try victim.waitForReplicas(1)
            try cluster.failover(killing: victim)
        }
        #expect(await node.client.slotMap().masters.contains(victim.address), "the map was read without a command")
        #expect(await node.send("GET", key, key: key, within: 5_000) == .success(.bytes(Array("1".utf8))))
        await node.close()
    }

    @Test("a master that is away: no command waits longer than for the map, nor after its task or the client has ended")
    func patience() async throws {
        let cluster = try await blocking { try RedisCluster(masters: 1, replicasEach: 0) }
        let node = try await TestClient.started(Self.incurious([cluster.nodes[0].port]))
        cluster.nodes[0].kill9()
        #expect(await eventually { await !node.client.isReady() })
        let clock = ContinuousClock()
        let began = clock.now
        @Sendable func ask() async -> Duration {
            guard case .failure(.notConnected) = await node.send("GET", "x", key: "x", within: 60_000) else {
                Issue.record("somebody answered")
                return .zero
            }
            return clock.now - began
        }
        let whole = await ask()
        #expect(whole >= .milliseconds(500) && whole < .seconds(30), "\(whole)")
        let cancelled = Task { await ask() }
        cancelled.cancel()
        #expect(await cancelled.value < whole + .milliseconds(450))
        let waiting = (0..<8).map { _ in Task { await ask() } }
        await node.close()
        for task in waiting { _ = await task.value }
    }

    @Test("a cluster that is down says so at once, and is used again when it is up")
    func down() async throws {
        let cluster = try await blocking { try RedisCluster(masters: 1, replicasEach: 0) }
        let server = cluster.nodes[0]
        let node = BucketNode(.cluster([server.port]))
        try await node.start()
        try server.order("CLUSTER", "DELSLOTS", "0")
        #expect(
            await eventually {
                guard case .failure(.refused(let error)) = await node.test.send("GET", "x", key: "x") else {
                    return false
                }
                return error.kind == "CLUSTERDOWN"
            })
        #expect(await node.authority.take([BadInputTests.ask]).reason?.contains("CLUSTERDOWN") == true)
        #expect(await node.authority.probe() == false)
        try server.order("CLUSTER", "ADDSLOTS", "0")
        #expect(await eventually { await node.authority.probe() })
        #expect(await node.authority.take([BadInputTests.ask]).reason == nil)
        await node.close()
    }
}
