import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import RedisState

/// What sentinels and cluster nodes say when they are asked who serves, and it is wrong, rubbish, or in a circle.
@Suite(
    "A client and sentinels or nodes that mislead it", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: RedisServer.isInstalled))
struct RestlessTopologyTests {
    /// The reply to `CLUSTER SLOTS` of a cluster whose one master is at a port.
    private static func slots(_ port: Int) -> NoiseReply {
        .text(
            "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:\(port)\r\n$40\r\n\(String(repeating: "a", count: 40))\r\n"
        )
    }

    private static func master(_ port: Int) -> NoiseReply {
        .text("*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".count)\r\n\(port)\r\n")
    }

    @Test("redirections in a circle end, after as many as are allowed and long before the command's time")
    func circle() async throws {
        let ports = Mutex((first: 0, second: 0))
        func node(isFirst: Bool) throws -> NoiseServer {
            try NoiseServer { command in
                let (first, second) = ports.withLock { $0 }
                return switch command.name {
                case "CLUSTER": Self.slots(first)
                case "PING": .pong
                case "GET": .moved(slot: SlotHash.slot(of: Array("x".utf8)), port: isFirst ? second : first)
                default: .ok
                }
            }
        }
        let (first, second) = (try node(isFirst: true), try node(isFirst: false))
        ports.withLock { $0 = (first.port, second.port) }
        let test = try await TestClient.started(.cluster([first.port]))
        var reply: Result<RedisValue, RedisFailure>?
        let took = await ContinuousClock().measure { reply = await test.send("GET", "x", key: "x", within: 5_000) }
        #expect(reply == .failure(.notConnected("more than \(test.settings.redirectionsMax) redirections")))
        #expect(took < .milliseconds(2_500), "\(took)")
        let asked = (first.commands + second.commands).count { $0.name == "GET" }
        #expect(asked == test.settings.redirectionsMax + 1)
        await test.close()
    }

    @Test(
        "rubbish instead of a map, while the client works, changes nothing and is told once",
        arguments: Rubbish.allCases)
    func rubbishMap(_ rubbish: Rubbish) async throws {
        let isWell = Flag()
        let port = Mutex(0)
        isWell.isSet = true
        let seed = UInt64.random(in: 0...UInt64.max)
        let server = try NoiseServer { command in
            switch command.name {
            case "CLUSTER":
                isWell.isSet ? Self.slots(port.withLock { $0 }) : rubbish.reply(seed &+ UInt64(command.connection))
            case "PING": .pong
            case "GET": .text("$1\r\nv\r\n")
            default: .ok
            }
        }
        port.withLock { $0 = server.port }
        var settings = RedisSettings.cluster([server.port])
        settings.connectTimeoutMilliseconds = 100
        let test = try await TestClient.started(settings)
        isWell.isSet = false
        for _ in 0..<60 {
            test.client.readMapSoon()
            #expect(await test.send("GET", "x", key: "x") == .success(.bytes([UInt8(ascii: "v")])), "seed \(seed)")
            try? await Task.sleep(for: .milliseconds(10))
        }
        #expect(await eventually { !test.troubles.isEmpty })
        #expect(Set(test.troubles).count == test.troubles.count && test.troubles.count <= 3, "\(test.troubles)")
        #expect(await test.client.slotMap().masters == [RedisAddress(host: "127.0.0.1", port: server.port)])
        await test.close()
    }

    @Test("rubbish from the sentinels, while the client works, changes nothing; at the start it is told once")
    func rubbishSentinels() async throws {
        let redis = try RedisServer.started()
        for rubbish in Rubbish.allCases {
            let isWell = Flag()
            isWell.isSet = true
            let sentinel = try NoiseServer { command in
                switch command.name {
                case "SENTINEL": isWell.isSet ? Self.master(redis.port) : rubbish.reply(UInt64(command.connection))
                case "PING": .pong
                default: .ok
                }
            }
            var settings = RedisSettings.sentinels([sentinel.port])
            settings.connectTimeoutMilliseconds = 100
            settings.watchIntervalMilliseconds = 20
            let test = try await TestClient.started(settings)
            isWell.isSet = false
            let before = sentinel.commands.count { $0.name == "SENTINEL" }
            #expect(await eventually { sentinel.commands.count { $0.name == "SENTINEL" } > before + 2 }, "\(rubbish)")
            #expect(await test.send("SET", "x", "v") == .success(.status("OK")))
            #expect(test.seen == [.connected(redis.address)], "\(rubbish): \(test.seen)")
            await test.close()
            let late = TestClient(settings)
            #expect(await late.client.start(waitingMilliseconds: 300) == false)
            #expect(Set(late.seen).count == late.seen.count && (1...2).contains(late.seen.count), "\(late.seen)")
            isWell.isSet = true
            #expect(await eventually { await late.client.isReady() }, "\(rubbish)")
            await late.close()
        }
    }

    @Test("all seeds of a cluster are gone: told once, and it is found by itself when one is back")
    func noSeeds() async throws {
        let cluster = try await blocking { try RedisCluster(masters: 1, replicasEach: 0) }
        let server = cluster.nodes[0]
        server.kill9()
        let test = TestClient(.cluster([try FreePorts.next(), server.port]))
        #expect(await test.client.start(waitingMilliseconds: 700) == false)
        #expect(test.seen.count == 1, "\(test.seen)")
        guard case .failure(.notConnected) = await test.send("GET", "x", key: "x", within: 200) else {
            Issue.record("somebody answered")
            return
        }
        try await blocking { try server.start() }
        #expect(await eventually { await test.client.isReady() })
        #expect(await eventually { await test.send("SET", "x", "v", key: "x") == .success(.status("OK")) })
        await test.close()
    }

    @Test("the sentinels' own password: right, wrong, and missing")
    func sentinelPassword() async throws {
        let set = try await blocking { try SentinelSet(replicas: 0, sentinelPassword: "guard-secret") }
        var settings = RedisSettings.sentinels(set.sentinelPorts, name: set.masterName)
        for (password, word) in [("wrong-secret", "password is wrong"), (nil, "asks for a password")] {
            settings.sentinelCredentials = .init(password: password.map { Secret($0) })
            let test = TestClient(settings)
            #expect(await test.client.start(waitingMilliseconds: 400) == false)
            #expect(test.seen.count == 1 && "\(test.seen)".contains(word), "\(test.seen)")
            #expect(!"\(test.seen)".contains("-secret"), "\(test.seen)")
            await test.close()
        }
        settings.sentinelCredentials = .init(password: Secret("guard-secret"))
        let test = try await TestClient.started(settings)
        #expect(await test.send("SET", "x", "v") == .success(.status("OK")))
        #expect(test.troubles == [])
        await test.close()
    }
}
