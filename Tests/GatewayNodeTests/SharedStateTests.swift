import DevelopmentIssuer
import Foundation
import GatewayNode
import RedisFixtures
import Testing

/// Several nodes on one real Redis, seen from outside.
@Suite("Nodes that share a Redis", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SharedStateTests {
    /// Ten at once, refilled so slowly that no test sees a token come back.
    static let tenAtOnce = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 10, rate_limit_key_template: "{tenant}" }
        """

    func url(_ redis: RedisServer) -> String { "redis://127.0.0.1:\(redis.port)" }

    /// A worker, and nodes that have it as their configured agent.
    func nodes(
        _ count: Int, _ worker: ScriptedWorker, _ redis: RedisServer, policy: String = SharedStateTests.tenAtOnce,
        store: String? = nil
    ) async throws -> [TestNode] {
        var nodes: [TestNode] = []
        for _ in 0..<count {
            nodes.append(
                try await TestNode(
                    agents: "[\(TestNode.agent("scripted", worker))]", policy: policy, store: store ?? url(redis)))
        }
        return nodes
    }

    func stop(_ nodes: [TestNode]) async {
        for node in nodes { await node.stop() }
    }

    @Test("a limit is one limit, whichever node is asked")
    func oneLimit() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let nodes = try await nodes(3, worker, redis)
        let token = try TestNode.token()
        var statuses: [Int] = []
        for index in 0..<21 {
            statuses.append(try await nodes[index % 3].answer(token: token).status)
        }
        #expect(statuses.count { $0 == 200 } == 10, "\(statuses)")
        #expect(statuses.suffix(11).allSatisfy { $0 == 429 }, "\(statuses)")
        let refused = try await nodes[2].answer(token: token)
        #expect(refused.headers["retry-after"] != nil)
        #expect(refused.headers["ratelimit"]?.contains("r=0") == true, "\(refused)")
        #expect(worker.requests.count == 10)
        // Another tenant has a bucket of its own.
        #expect(try await nodes[0].answer(token: try TestNode.token(tenant: "other")).status == 200)
        await stop(nodes)
    }

    @Test("a worker that registers with one node is called, listed, guarded and removed through another")
    func oneDirectory() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let first = try await TestNode(store: url(redis), extra: RegistrationTests.grants)
        let second = try await TestNode(store: url(redis), extra: RegistrationTests.grants)
        let (path, tests) = (RegistrationTests.path, RegistrationTests())
        let (body, agent, thief) = (
            tests.body(worker.url), try tests.agentToken(), try tests.agentToken("worker-2")
        )
        let user = try TestNode.token()
        func ask(_ node: TestNode, _ method: String, token: String) async throws -> Int {
            let port = node.port
            return try await offPool {
                try SocketClient(port: port).request(method, path, body: method == "PUT" ? body : "", token: token)
                    .status
            }
        }
        #expect(try await second.answer(token: user).status == 404)
        #expect(try await ask(first, "PUT", token: agent) == 201)
        let seen = try await eventually { try await second.answer(token: user).status == 200 }
        #expect(seen < .seconds(1), "seen after \(seen)")
        // The name belongs to the principal that took it, at every node.
        #expect(try await ask(second, "PUT", token: thief) == 409)
        #expect(try await ask(second, "DELETE", token: thief) == 409)
        // A heartbeat may go through any node.
        #expect(try await ask(second, "PUT", token: agent) == 200)
        // A node that starts now knows it at once.
        let third = try await TestNode(store: url(redis), extra: RegistrationTests.grants)
        #expect(try await third.answer(token: user).status == 200)
        #expect(try await ask(third, "DELETE", token: agent) == 200)
        let gone = try await eventually { try await first.answer(token: user).status == 404 }
        #expect(gone < .seconds(1), "gone after \(gone)")
        await stop([first, second, third])
    }

    @Test("an instance that stops renewing leaves every node within its time to live")
    func departure() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let first = try await TestNode(store: url(redis), extra: RegistrationTests.grants)
        let second = try await TestNode(store: url(redis), extra: RegistrationTests.grants)
        let agent = try RegistrationTests().agentToken()
        let body = RegistrationTests().body(worker.url).replacing(#""ttlSeconds":20"#, with: #""ttlSeconds":5"#)
        let port = first.port
        let status = try await offPool {
            try SocketClient(port: port).request("PUT", RegistrationTests.path, body: body, token: agent).status
        }
        #expect(status == 201)
        let user = try TestNode.token()
        try await eventually { try await second.answer(token: user).status == 200 }
        // Five seconds, and at most one more until a node looks.
        let gone = try await eventually(withinSeconds: 12) { try await second.answer(token: user).status == 404 }
        #expect(gone < .seconds(7), "gone after \(gone)")
        // Each node looks for itself.
        let later = try await eventually { try await first.answer(token: user).status == 404 }
        #expect(gone + later < .seconds(7), "gone after \(gone), and \(later) more")
        await stop([first, second])
    }

    @Test("B7 while Redis is away each node counts its share and says so; then limits are shared again")
    func away() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let nodes = try await nodes(2, worker, redis)
        let token = try TestNode.token()
        let before = try await nodes[0].answer(token: token)
        #expect(before.status == 200)
        #expect(before.headers["intentusnet-limits"] == nil)
        try await eventually { try await nodes[0].metric("intentusnet_nodes") == 2 }
        redis.kill9()
        let while_ = try await nodes[0].answer(token: token)
        #expect(while_.headers["intentusnet-limits"] == "degraded", "\(while_)")
        // Two nodes: at most five of ten each, less what was spent before.
        var admitted = while_.status == 200 ? 1 : 0
        for _ in 0..<12 where try await nodes[0].answer(token: token).status == 200 { admitted += 1 }
        #expect(admitted <= 5, "admitted \(admitted)")
        let ready = try await AdminPage.get("/health/ready", port: nodes[0].adminPort)
        #expect(ready.status == 200, "\(ready)")
        #expect(try await nodes[0].metric("intentusnet_limit_shared") == 0)
        let record = try nodes[0].auditLines().last { $0["event"] as? String != "config_reload" }
        #expect(record?["limits"] as? String == "degraded", "\(String(describing: record))")
        try redis.start()
        try await eventually { try await nodes[0].metric("intentusnet_limit_shared") == 1 }
        let fresh = try TestNode.token(tenant: "later")
        try await eventually { try await nodes[0].answer(token: fresh).headers["intentusnet-limits"] == nil }
        // On record: once when the limits ended to be shared, with the reason, and once when they were again.
        let changes = try nodes[0].auditLines().filter { $0["event"] as? String == "degraded_limit" }
        #expect(changes.compactMap { $0["action"] as? String } == ["limits.degraded", "limits.shared"])
        #expect((changes.first?["detail"] as? String)?.isEmpty == false)
        #expect(changes.map { $0["limits"] as? String } == ["degraded", nil])
        await stop(nodes)
    }

    @Test("a rule that would rather refuse than count alone does so, and one that would not admits")
    func failureModes() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        func policy(_ mode: String) -> String {
            Self.tenAtOnce.replacing("rate_limit_burst: 10", with: "rate_limit_burst: 10, on_store_failure: \(mode)")
        }
        let denying = try await nodes(1, worker, redis, policy: policy("deny"))[0]
        let allowing = try await nodes(1, worker, redis, policy: policy("allow"))[0]
        let token = try TestNode.token()
        #expect(try await denying.answer(token: token).status == 200)
        redis.kill9()
        let refused = try await denying.answer(token: token)
        #expect(refused.status == 503, "\(refused)")
        #expect(refused.isRetryable == true, "\(refused)")
        for _ in 0..<15 { #expect(try await allowing.answer(token: token).status == 200) }
        try redis.start()
        try await eventually { try await denying.answer(token: token).status == 200 }
        await stop([denying, allowing])
    }

    @Test(
        "S22 new buckets beyond the bound are this node's share, and a Redis that may evict is told: answers, health, metrics"
    )
    func floodOfKeys() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        try redis.order("CONFIG", "SET", "maxmemory", "100mb")
        try redis.order("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        let store = "{ redis: { url: \"\(url(redis))\", newKeysPerMinute: 3, nodesExpected: 5 } }"
        let node = try await nodes(1, worker, redis, store: store)[0]
        for number in 0..<3 {
            let answer = try await node.answer(token: try TestNode.token(tenant: "t\(number)"))
            #expect(answer.status == 200 && answer.headers["intentusnet-limits"] == nil, "\(answer)")
        }
        let token = try TestNode.token(tenant: "minted")
        var answers: [Int] = []
        for _ in 0..<4 {
            let answer = try await node.answer(token: token)
            #expect(answer.headers["intentusnet-limits"] == "degraded", "\(answer)")
            answers.append(answer.status)
        }
        // Ten at once, divided by the gateways that are expected although one alone is known.
        #expect(answers == [200, 200, 429, 429])
        let known = try await node.answer(token: try TestNode.token(tenant: "t0"))
        #expect(known.status == 200 && known.headers["intentusnet-limits"] == nil, "\(known)")
        #expect(try await node.metric("intentusnet_limit_keys_made_total") == 3)
        #expect(try await node.metric("intentusnet_limit_keys_withheld_total") == 4)
        #expect(try await node.metric("intentusnet_limit_shared") == 1)
        try await eventually { try await node.metric("intentusnet_redis_memory_alarm") == 1 }
        #expect(try await node.metric("intentusnet_redis_memory_max_bytes") == 104_857_600)
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.status == 200, "\(health)")
        let text = String(decoding: health.body, as: UTF8.self)
        #expect(text.contains("store.redis.newKeysPerMinute"), "\(text)")
        #expect(text.contains("maxmemory-policy allkeys-lru"), "\(text)")
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        await stop([node])
    }

    @Test("signed requests while Redis is silent are refused within its budget, then at once, and pass when it answers")
    func signedWhileFrozen() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", policy: PeersAtTheSocketTests.forServices,
            authentication: "  services: allow", store: url(redis),
            extra: PeersAtTheSocketTests.knowsEdge, files: PeersAtTheSocketTests.edgeFiles)
        let now = Int64(Date().timeIntervalSince1970)
        func ask(_ number: Int64) throws -> (status: Int, took: Duration) {
            let body = Envelope.bare(requestId: "req-\(number)")
            let headers = PeersAtTheSocketTests.signed(body, at: now)
            var status = 0
            let took = try ContinuousClock().measure {
                status = try PeersAtTheSocketTests.ask(node, headers, body: body).status
            }
            return (status, took)
        }
        #expect(try ask(0).status == 200)
        redis.freeze()
        let frozen = try (1...20).map { try ask($0) }
        redis.thaw()
        #expect(frozen.allSatisfy { $0.status == 503 }, "\(frozen)")
        // Three pay 10 ms, and one that finds out may; the rest is what a loaded machine takes.
        #expect(frozen.count { $0.took > .milliseconds(10) } <= 10, "\(frozen)")
        #expect(frozen.allSatisfy { $0.took < .milliseconds(300) }, "\(frozen)")
        let skipped = try await AdminPage.metric("intentusnet_replay_checks_total{outcome=\"skipped\"}", node) ?? 0
        #expect((1...17).contains(skipped), "\(skipped)")
        var number: Int64 = 20
        try await eventually {
            number += 1
            return try ask(number).status == 200
        }
        await node.stop()
    }

    @Test("B9 a node starts, serves and says so while there is no Redis at all")
    func withoutRedis() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let redis = try RedisServer()
        let began = ContinuousClock.now
        let node = try await nodes(1, worker, redis)[0]
        #expect(ContinuousClock.now - began < .seconds(5))
        let answer = try await node.answer(token: try TestNode.token())
        #expect(answer.status == 200, "\(answer)")
        #expect(answer.headers["intentusnet-limits"] == "degraded")
        try redis.start()
        let token = try TestNode.token(tenant: "later")
        try await eventually { try await node.answer(token: token).headers["intentusnet-limits"] == nil }
        await node.stop()
    }

    @Test("a wrong password stops nothing but sharing, and health names the cause")
    func wrongPassword() async throws {
        var options = RedisServerOptions()
        options.password = "right-password"
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started(options))
        defer { worker.stop() }
        let wrong = try await nodes(
            1, worker, redis, store: "\"redis://:wrong-password@127.0.0.1:\(redis.port)\"")[0]
        #expect(try await wrong.answer(token: try TestNode.token()).headers["intentusnet-limits"] == "degraded")
        let health = try await AdminPage.get("/health", port: wrong.adminPort)
        #expect("\(health)".contains("degraded"), "\(health)")
        #expect(!"\(health)".contains("wrong-password"))
        let right = try await nodes(
            1, worker, redis, store: "\"redis://:right-password@127.0.0.1:\(redis.port)\"")[0]
        #expect(try await right.answer(token: try TestNode.token()).headers["intentusnet-limits"] == nil)
        await stop([wrong, right])
    }

    /// What a node counted of an issuer's keys; nil when it counts none of them.
    private func metric(_ name: String, _ issuer: String, _ node: TestNode) async throws -> Double? {
        try await AdminPage.metric("\(name){issuer=\"\(issuer)\"}", node)
    }

    /// A node whose second issuer has its keys at this port.
    private func node(_ redis: RedisServer, _ worker: ScriptedWorker, keys port: Int, store more: String) async throws
        -> TestNode
    {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", authentication: KeyTests.issuer(port: port),
            store: "{ redis: { url: \"\(url(redis))\"\(more) } }",
            files: [
                "seal": "the seal of this cluster's gateways", "other": "the seal of another cluster's gateways",
            ])
    }

    @Test("key sets in Redis are believed where a seal or the operator says so, and by default not")
    func forgedKeySet() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let (genuine, forged) = (try DevelopmentKey(keyId: "u1"), try DevelopmentKey(keyId: "u1"))
        let served = KeyTests.Keys(try forged.jwks())
        let issuer = try PlainServer { _ in served.current }
        defer { issuer.stop() }
        // Writes to Redis what nobody but the holder of a seal should be believed.
        let forger = try await node(redis, worker, keys: issuer.port, store: ", trustKeySets: true")
        await forger.stop()
        served.set(try genuine.jwks())
        let claims = KeyTests.claims(KeyTests.issuer)
        let statuses = { (node: TestNode) async throws -> [Int] in
            [
                try await node.answer(token: try genuine.sign(claims)).status,
                try await node.answer(token: try forged.sign(claims)).status,
            ]
        }
        let fetches = issuer.requestCount
        let careless = try await node(redis, worker, keys: issuer.port, store: ", trustKeySets: true")
        #expect(try await statuses(careless) == [401, 200])
        #expect(issuer.requestCount == fetches)
        let plain = try await node(redis, worker, keys: issuer.port, store: "")
        #expect(try await statuses(plain) == [200, 401])
        #expect(issuer.requestCount == fetches + 1)
        let sealed = try await node(redis, worker, keys: issuer.port, store: ", sealFile: seal")
        #expect(try await statuses(sealed) == [200, 401])
        #expect(try await metric("intentusnet_jwks_copies_rejected_total", KeyTests.issuer, sealed) == 1)
        await stop([careless, plain, sealed])
    }

    @Test("gateways with one seal share a fetch; one with another seal, or that is to trust nobody, asks the issuer")
    func sealedKeySet() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let key = try DevelopmentKey(keyId: "u1")
        let jwks = try key.jwks()
        let issuer = try PlainServer { _ in jwks }
        defer { issuer.stop() }
        let claims = KeyTests.claims(KeyTests.issuer)
        var nodes: [TestNode] = []
        let stores = [
            (", sealFile: seal", 1), (", sealFile: seal", 1), (", sealFile: seal, trustKeySets: false", 2),
            (", sealFile: other", 3),
        ]
        for (store, requests) in stores {
            let node = try await node(redis, worker, keys: issuer.port, store: store)
            #expect(try await node.answer(token: try key.sign(claims)).status == 200)
            #expect(issuer.requestCount == requests, "\(store)")
            nodes.append(node)
        }
        #expect(try await metric("intentusnet_jwks_issuer_requests_total", KeyTests.issuer, nodes[0]) == 1)
        #expect(try await metric("intentusnet_jwks_issuer_requests_total", KeyTests.issuer, nodes[1]) == 0)
        #expect(try await metric("intentusnet_jwks_copies_taken_total", KeyTests.issuer, nodes[1]) == 1)
        #expect(try await metric("intentusnet_jwks_copies_rejected_total", KeyTests.issuer, nodes[3]) == 1)
        await stop(nodes)
    }

    @Test("issuers that only policies name are asked once for the cluster, and no more when they are gone")
    func policyIssuers() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let key = try DevelopmentKey(keyId: "p1")
        let jwks = try key.jwks()
        let issuer = try PlainServer { _ in jwks }
        defer { issuer.stop() }
        let resource = RequestAuthenticationTests.resource(
            "{ issuer: added, audiences: [intentusnet], jwksUri: \"http://127.0.0.1:\(issuer.port)/jwks.json\" }")
        var nodes: [TestNode] = []
        for _ in 0..<3 {
            let node = try await TestNode(
                agents: "[\(TestNode.agent("scripted", worker))]",
                store: "{ redis: { url: \"\(url(redis))\", sealFile: seal } }",
                extra: "authorization: { files: [authz.yaml], requestAuthenticationIssuers: true }",
                files: ["authz.yaml": resource, "seal": "the seal of this cluster's gateways"])
            #expect(try await node.answer(token: try key.sign(KeyTests.claims("added"))).status == 200)
            nodes.append(node)
        }
        #expect(issuer.requestCount == 1)
        #expect(try await metric("intentusnet_jwks_copies_taken_total", "added", nodes[2]) == 1)
        let file = nodes[2].folder.appending(path: "authz.yaml")
        try RequestAuthenticationTests.resource("{ issuer: \"\(TestNode.issuer)\" }")
            .write(to: file, atomically: true, encoding: .utf8)
        #expect(await nodes[2].node.reload().filter { "\($0)".contains("error: ") }.isEmpty)
        #expect(try await metric("intentusnet_jwks_copies_taken_total", "added", nodes[2]) == nil)
        await stop(nodes)
    }
}
