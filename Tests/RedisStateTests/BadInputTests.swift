import Identity
import IntentProtocol
import RateLimiting
import RedisFixtures
import Testing

@testable import RedisState

/// A Redis that cannot serve limits as it stands, for one reason after the other: each is told once, requests have their named
/// outcome, and everything goes on by itself when the reason is gone.
@Suite("Limits over a Redis that refuses", .serialized, .timeLimit(.minutes(1)), .enabled(if: RedisServer.isInstalled))
struct BadInputTests {
    /// Asked for each request: nothing is taken ahead of use.
    private static let limit = RateLimit(name: "l", capacityTokens: 5_000, ratePerMinute: 5_000)
    static let ask = BucketAsk(
        name: BucketName(limit: "l", fields: ["k"]), capacityTokens: 5_000, ratePerMinute: 5_000, minimumTokens: 1,
        wantedTokens: 1)

    /// Requests while Redis refuses, then without the reason.
    ///
    /// - Parameters:
    ///   - words: of the reason, one of which is told.
    ///   - fix: takes the reason away.
    private func expectOneComplaint(
        _ node: BucketNode, of words: [String], while milliseconds: Int64 = 400,
        fix: @escaping @Sendable () throws -> Void
    ) async throws {
        let demand = node.demand(Self.limit)
        #expect(await eventually { await node.take(demand).name == "degraded" }, "it is not noticed")
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        var outcomes: Set<String> = []
        while ContinuousClock.now < end {
            outcomes.insert(await node.take(demand).name)
            try? await Task.sleep(for: .milliseconds(2))
        }
        #expect(outcomes == ["degraded"])
        let told = node.told.all
        #expect(told.count == 1, "\(told)")
        let complaints = told.compactMap { $0 } + node.test.troubles.map { "\($0)" }
        #expect(complaints.contains { complaint in words.contains { complaint.contains($0) } }, "\(complaints)")
        #expect(Set(node.test.troubles).count == node.test.troubles.count, "\(node.test.troubles)")
        #expect(node.test.troubles.count <= 3, "\(node.test.troubles)")
        try await blocking { try fix() }
        let began = ContinuousClock.now
        #expect(await eventually { await node.take(demand).name == "decided" }, "it does not recover")
        print("\(words[0]): decided again \((ContinuousClock.now - began).inMilliseconds) ms after the reason was gone")
        #expect(await eventually { node.told.all.count == 2 && node.told.all[1] == nil }, "\(node.told.all)")
        #expect(await eventually { await node.test.client.isReady() })
        await node.close()
    }

    private func node(_ server: RedisServer, _ change: (inout RedisSettings) -> Void = { _ in }) async throws
        -> BucketNode
    {
        var settings = RedisSettings.standalone(server.port)
        change(&settings)
        let node = BucketNode(settings)
        try await node.start()
        #expect(await node.take(node.demand(Self.limit)).name == "decided")
        return node
    }

    @Test("OOM: no memory, and nothing may be evicted")
    func outOfMemory() async throws {
        let server = try RedisServer.started(.lines("maxmemory-policy noeviction"))
        let node = try await node(server)
        try server.order("CONFIG", "SET", "maxmemory", "1")
        #expect(await node.authority.take([Self.ask]).reason?.contains("OOM") == true)
        try await expectOneComplaint(node, of: ["OOM"]) { try server.order("CONFIG", "SET", "maxmemory", "0") }
    }

    @Test("B10 READONLY: the server has become a replica")
    func readOnly() async throws {
        let server = try RedisServer.started()
        let node = try await node(server)
        try server.order("REPLICAOF", "127.0.0.1", "\(try FreePorts.next())")
        try await expectOneComplaint(node, of: ["READONLY", "replica"]) { try server.order("REPLICAOF", "NO", "ONE") }
    }

    @Test("READONLY: the server has become a replica, and its ACL does not let us see that")
    func readOnlyUnseen() async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret ~intentusnet:* &intentusnet:* +@all -role -ping"]
        let server = try RedisServer.started(options)
        let node = try await node(server) {
            $0.credentials = .init(username: "gateway", password: Secret("secret"))
        }
        try server.order("REPLICAOF", "127.0.0.1", "\(try FreePorts.next())")
        try await expectOneComplaint(node, of: ["READONLY"]) { try server.order("REPLICAOF", "NO", "ONE") }
    }

    @Test("NOPERM: the ACL does not let us run scripts, or not on our keys", arguments: ["-evalsha", "resetkeys"])
    func noPermission(_ denial: String) async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret ~intentusnet:* &intentusnet:* +@all"]
        let server = try RedisServer.started(options)
        let node = try await node(server) {
            $0.credentials = .init(username: "gateway", password: Secret("secret"))
        }
        try server.order("ACL", "SETUSER", "gateway", denial)
        #expect(await node.authority.take([Self.ask]).reason?.contains("NOPERM") == true)
        try await expectOneComplaint(node, of: ["NOPERM"]) {
            try server.order("ACL", "SETUSER", "gateway", "+evalsha", "~intentusnet:*")
        }
    }

    /// A reason, and what takes it away.
    enum Refusal {
        case outOfMemory, noPermission, busy
    }

    @Test(
        "the same under sentinels and in a cluster: OOM, NOPERM and BUSY are told once and end by themselves",
        // A sentinel ends a script that keeps its master busy by itself.
        arguments: [
            (RedisForm.sentinel, Refusal.outOfMemory), (.sentinel, .noPermission), (.cluster, .outOfMemory),
            (.cluster, .noPermission), (.cluster, .busy),
        ])
    func otherForms(_ form: RedisForm, _ refusal: Refusal) async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret ~intentusnet:* &intentusnet:* +@all"]
        options.lines = ["maxmemory-policy noeviction", "lua-time-limit 20"]
        let (server, place, owner) = try await blocking {
            [options] () -> (RedisServer, RedisSettings, any Sendable) in
            guard form == .sentinel else {
                let cluster = try RedisCluster(masters: 1, replicasEach: 0, options: options)
                return (cluster.nodes[0], .cluster(cluster.ports), cluster)
            }
            let set = try SentinelSet(replicas: 0, options: options)
            return (set.servers[0], .sentinels(set.sentinelPorts, name: set.masterName), set)
        }
        defer { withExtendedLifetime(owner) {} }
        var settings = place
        settings.credentials = .init(username: "gateway", password: Secret("secret"))
        let node = BucketNode(settings)
        try await node.start()
        #expect(await node.take(node.demand(Self.limit)).name == "decided")
        switch refusal {
        case .outOfMemory:
            try server.order("CONFIG", "SET", "maxmemory", "1")
            try await expectOneComplaint(node, of: ["OOM"]) { try server.order("CONFIG", "SET", "maxmemory", "0") }
        case .noPermission:
            try server.order("ACL", "SETUSER", "gateway", "-evalsha")
            try await expectOneComplaint(node, of: ["NOPERM"]) {
                try server.order("ACL", "SETUSER", "gateway", "+evalsha")
            }
        case .busy:
            let other = try server.connection()
            try other.send(RESPValue.command(["EVAL", "while true do end", "0"]))
            try await expectOneComplaint(node, of: ["BUSY"]) { try server.cli(["SCRIPT", "KILL"]) }
        }
    }

    @Test("BUSY: somebody's script does not end")
    func busy() async throws {
        let server = try RedisServer.started(.lines("lua-time-limit 20"))
        let node = try await node(server)
        let (other, control) = (try server.connection(), try server.connection())
        try other.send(RESPValue.command(["EVAL", "while true do end", "0"]))
        #expect(
            await eventually { ((try? control.roundTrip(["PING"])) ?? .null).error?.hasPrefix("BUSY") == true })
        #expect(await node.authority.take([Self.ask]).reason?.contains("BUSY") == true)
        try await expectOneComplaint(node, of: ["BUSY"]) { try server.cli(["SCRIPT", "KILL"]) }
    }

    @Test("B10 LOADING: the server reads its data and does not serve yet")
    func loading() async throws {
        let server = try RedisServer.started(
            .lines("key-load-delay 300", "loading-process-events-interval-bytes 1024"))
        let node = try await node(server)
        try server.order("DEBUG", "POPULATE", "4000")
        try server.order("SAVE")
        server.kill9()
        try await blocking { try server.start() }
        #expect(((try? server.cli(["PING"])) ?? .null).error?.hasPrefix("LOADING") == true)
        try await expectOneComplaint(node, of: ["loading its data"], while: 300) {
            try Deadline.wait(for: "the data", milliseconds: 20_000) { server.isReady }
        }
    }

    @Test("rubbish: what answers is no Redis", arguments: Rubbish.allCases)
    func rubbish(_ rubbish: Rubbish) async throws {
        let isWell = Flag()
        isWell.isSet = true
        let seed = UInt64.random(in: 0...UInt64.max)
        let server = try NoiseServer { command in
            switch command.name {
            case "ROLE": .text("*1\r\n$6\r\nmaster\r\n")
            case "PING": .pong
            case "EVALSHA":
                isWell.isSet
                    ? .text("*6\r\n:1000\r\n:1\r\n:5\r\n:10\r\n:0\r\n:0\r\n")
                    : rubbish.reply(seed &+ UInt64(command.index))
            default: .ok
            }
        }
        let node = BucketNode(.standalone(server.port), budgetMilliseconds: 300)
        try await node.start()
        #expect(await node.take(node.demand(Self.limit)).name == "decided")
        isWell.isSet = false
        guard case .unavailable = await node.authority.take([Self.ask]) else {
            Issue.record("\(rubbish) is a decision, seed \(seed)")
            return
        }
        try await expectOneComplaint(node, of: rubbish.words) { isWell.isSet = true }
    }

    @Test("WRONGTYPE: a value that is none of ours empties the bucket, which fills again")
    func wrongType() async throws {
        let server = try RedisServer.started()
        let node = try await node(server)
        var ask = Self.ask
        ask.ratePerMinute = 60_000
        let key = String(decoding: node.authority.key(ask.name), as: UTF8.self)
        for poison in [
            ["RPUSH", key, "x"], ["SET", key, "x"], ["HSET", key, "a", "b"], ["SETRANGE", key, "1000000", "x"],
        ] {
            try server.order("DEL", key)
            #expect(try server.cli(poison).error == nil)
            guard case .decided(let grants, _) = await node.authority.take([ask]) else {
                Issue.record("\(poison) decides for us")
                return
            }
            #expect(grants[0].grantedTokens == 0 && grants[0].waitMicroseconds == 1_000)
            #expect(
                await eventually {
                    guard case .decided(let grants, _) = await node.authority.take([ask]) else { return false }
                    return grants[0].grantedTokens == 1
                })
        }
        // Where the type is not ours to replace, the outcome has a name.
        let cache = RedisReplayCache.patient(node.test.client)
        try server.order("FLUSHALL")
        #expect(await cache.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 60_000) == .first)
        #expect(node.told.all == [] && node.test.troubles == [])
        await node.close()
    }

    @Test("channels that may not be heard are told of once, and heard when they may")
    func subscription() async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret ~* resetchannels +@all"]
        let server = try RedisServer.started(options)
        var settings = RedisSettings.standalone(server.port)
        settings.credentials = .init(username: "gateway", password: Secret("secret"))
        let test = try await TestClient.started(settings)
        let (told, heard) = (Told<RedisEvent>(), Told<RedisSubscriptionEvent>())
        let subscriber = RedisSubscriber(
            eventLoop: test.loop, settings: settings, counters: test.counters, onEvent: { told.add($0) })
        let listening = Task { for await event in subscriber.messages(on: ["a", "b"]) { heard.add(event) } }
        #expect(await eventually { !told.all.isEmpty })
        let before = try #require(try server.info("stats")["total_connections_received"].flatMap { Int($0) })
        try? await Task.sleep(for: .milliseconds(500))
        let after = try #require(try server.info("stats")["total_connections_received"].flatMap { Int($0) })
        #expect(after - before < 15, "\(after - before) attempts in half a second")
        #expect(told.all.count == 1 && "\(told.all)".contains("NOPERM"), "\(told.all)")
        #expect(heard.all == [])
        try server.order("ACL", "SETUSER", "gateway", "&a", "&b")
        #expect(await eventually { heard.all == [.subscribed] })
        #expect(await eventually { told.all.count == 2 })
        #expect(told.all.last == .connected(server.address))
        listening.cancel()
        await subscriber.close()
        await test.close()
    }
}

/// What answers a script instead of Redis.
enum Rubbish: CaseIterable, Sendable {
    case noise, hugeList, deepList, hugeText, otherNumbers, hint, half

    /// Some of which are told.
    var words: [String] {
        switch self {
        case .noise, .hugeList, .deepList: ["not a reply"]
        case .hugeText: ["larger than", "no reply", "in time"]
        case .otherNumbers: ["gave an answer that is none"]
        case .hint: ["nobody asked"]
        case .half: ["in time", "no reply"]
        }
    }

    func reply(_ seed: UInt64) -> NoiseReply {
        switch self {
        case .noise: .rubbish(seed: seed)
        case .hugeList: .text("*2147483646\r\n")
        case .deepList: .text(String(repeating: "*1\r\n", count: 1_000) + ":1\r\n")
        case .hugeText: .text("$2147483646\r\nx")
        case .otherNumbers: .text("*6\r\n:1000\r\n:1\r\n:-5\r\n:10\r\n:0\r\n:0\r\n")
        case .hint: .text(":1\r\n:2\r\n:3\r\n")
        case .half: .half
        }
    }
}
