import RedisFixtures
import Testing

@testable import RedisState

@Suite(
    "A client and the master that sentinels name", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: RedisServer.isInstalled))
struct SentinelTests {
    /// Of this suite alone, for it kills masters.
    private static let shared = Task { try await blocking { try SentinelSet() } }

    private static func nodes(_ set: SentinelSet, _ count: Int = 3) async throws -> [TestClient] {
        var nodes: [TestClient] = []
        for _ in 0..<count {
            nodes.append(try await TestClient.started(.sentinels(set.sentinelPorts, name: set.masterName)))
        }
        return nodes
    }

    private static func close(_ nodes: [TestClient]) async { for node in nodes { await node.close() } }

    @Test("it finds the master while one sentinel answers, and says what is missing when none does")
    func discovery() async throws {
        let set = try await Self.shared.value
        let master = try await blocking { try set.currentMaster() }
        let dead = try FreePorts.next()
        let test = try await TestClient.started(
            .sentinels([dead, set.sentinelPorts[1]], name: set.masterName))
        #expect(await test.send("SET", "found", "x") == .success(.status("OK")))
        #expect(try master.cli(["EXISTS", "found"]) == .integer(1))
        #expect(test.seen == [.connected(master.address)])
        await test.close()
        for (settings, word) in [
            (RedisSettings.sentinels([dead]), "sentinel 127.0.0.1:\(dead)"),
            (.sentinels(set.sentinelPorts, name: "no such"), "it watches no master named"),
        ] {
            let lost = TestClient(settings)
            #expect(await lost.client.start(waitingMilliseconds: 300) == false)
            #expect(lost.seen.count == 1 && "\(lost.seen)".contains(word), "\(lost.seen)")
            await lost.close()
        }
    }

    @Test("a planned failover under load: commands go on at the new master, and the old one is not written to")
    func planned() async throws {
        let set = try await Self.shared.value
        let nodes = try await Self.nodes(set)
        let load = IncrementLoad(nodes, keys: (0..<20).map { "planned\($0)" })
        #expect(await load.pass(500))
        let new = try await blocking { try set.failover() }
        #expect(await load.pass(500))
        for node in nodes {
            #expect(await eventually { node.seen.last == .connected(new.address) }, "\(node.seen)")
            #expect(node.troubles.count <= 5, "\(node.troubles)")
        }
        let report = await load.stop()
        print("sentinel, planned: \(report.answers) answered, \(report.failures), away \(report.gapMilliseconds) ms")
        #expect(report.gapMilliseconds < 10_000, "seed \(load.seed)")
        let named: Set = ["not connected", "the connection was lost", "READONLY", "no reply in time"]
        #expect(named.isSuperset(of: report.failures.keys), "\(report.failures), seed \(load.seed)")
        let old = try #require(try await blocking { try set.currentReplicas() }.first)
        let ask = try await TestClient.started(.sentinels(set.sentinelPorts, name: set.masterName))
        #expect(await ask.send("SET", "after", "x") == .success(.status("OK")))
        #expect(try new.cli(["EXISTS", "after"]) == .integer(1))
        #expect(try old.info("replication")["role"] == "slave")
        await ask.close()
        await Self.close(nodes)
    }

    @Test("a master killed under load: another one serves, is heard of, and the dead one comes back as a replica")
    func killed() async throws {
        let set = try await Self.shared.value
        let nodes = try await Self.nodes(set)
        let subscriber = RedisSubscriber(
            eventLoop: nodes[0].loop, settings: nodes[0].settings, counters: nodes[0].counters)
        let heard = Told<RedisSubscriptionEvent>()
        let listening = Task {
            for await event in subscriber.messages(on: ["news"]) { heard.add(event) }
        }
        #expect(await eventually { heard.all == [.subscribed] })
        let load = IncrementLoad(nodes, keys: (0..<20).map { "killed\($0)" })
        #expect(await load.pass(500))
        let began = ContinuousClock.now
        let (dead, new) = try await blocking { try set.killMaster() }
        let failedOver = (ContinuousClock.now - began).inMilliseconds
        #expect(await load.pass(500))
        let report = await load.stop()
        print(
            "sentinel, killed: sentinels agreed after \(failedOver) ms, commands were away \(report.gapMilliseconds) ms, "
                + "\(report.answers) answered, \(report.failures)")
        // Half a second until the sentinels see it, their election, and at most a second of back-off.
        #expect(report.gapMilliseconds < 10_000, "seed \(load.seed)")
        #expect(await eventually { heard.all == [.subscribed, .lost, .subscribed] }, "\(heard.all)")
        // What is published in the moment of a second change is lost, as everywhere with Redis: until it is heard.
        let isHeard = await eventually {
            _ = await nodes[1].send("PUBLISH", "news", "hello")
            return heard.all.last == .message(channel: "news", payload: Array("hello".utf8))
        }
        #expect(isHeard, "\(heard.all)")
        try await blocking {
            try dead.start()
            try set.waitUntilSettled()
        }
        #expect(await nodes[0].send("SET", "after death", "x") == .success(.status("OK")))
        #expect(try new.cli(["EXISTS", "after death"]) == .integer(1))
        // Nobody wrote to the one that came back, in the moment in which it thought itself a master or later.
        #expect(try new.cli(["DBSIZE"]).integer == dead.cli(["DBSIZE"]).integer)
        #expect(nodes.allSatisfy { $0.troubles.count <= 5 }, "\(nodes.map(\.troubles))")
        listening.cancel()
        await subscriber.close()
        await Self.close(nodes)
    }

    @Test("a sentinel that was cut off and names a dead master does not keep the others from being asked")
    func stale() async throws {
        let (dead, master) = (try FreePorts.next(), try RedisServer.started())
        func sentinel(naming port: Int) throws -> NoiseServer {
            try NoiseServer { command in
                switch command.name {
                case "PING": .pong
                case "SENTINEL": .text("*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".count)\r\n\(port)\r\n")
                default: .ok
                }
            }
        }
        let sentinels = [try sentinel(naming: dead), try sentinel(naming: dead), try sentinel(naming: master.port)]
        let test = TestClient(.sentinels(sentinels.map(\.port)))
        #expect(await test.client.start(waitingMilliseconds: 3_000))
        #expect(test.troubles.count == 1, "\(test.troubles)")
        await test.close()
    }
}
