import DevelopmentIssuer
import Foundation
import Synchronization
import Testing

/// Keys that come from an issuer over HTTP.
@Suite("Keys by URL")
struct KeyTests {
    static let issuer = "https://by-url.example.com"

    static func claims(_ issuer: String) -> DevelopmentClaims {
        DevelopmentClaims(
            issuer: issuer, audience: "intentusnet", subject: "alice", roles: ["user"], tenant: "acme",
            lifetimeSeconds: 600)
    }

    /// One more issuer beside the node's own, whose keys come from this port.
    static func issuer(port: Int) -> String {
        """
            - issuer: \(issuer)
              audiences: [intentusnet]
              jwks: { url: "http://127.0.0.1:\(port)/jwks.json" }
        """
    }

    /// Keys that a test can change.
    final class Keys: Sendable {
        private let text: Mutex<String?>
        init(_ text: String?) { self.text = Mutex(text) }
        func set(_ text: String?) { self.text.withLock { $0 = text } }
        var current: String? { text.withLock { $0 } }
    }

    @Test("a token is verified by keys that were fetched, once for many requests")
    func fetched() async throws {
        let key = try DevelopmentKey(keyId: "u1")
        let jwks = try key.jwks()
        let server = try PlainServer { $0 == "/jwks.json" ? jwks : nil }
        defer { server.stop() }
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, authentication: Self.issuer(port: server.port))
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        let fetchesAtStart = server.requestCount
        for _ in 0..<5 {
            #expect(try await node.answer(token: try key.sign(Self.claims(Self.issuer))).status == 200)
        }
        #expect(server.requestCount == fetchesAtStart)
        // A key counts for its own issuer alone.
        #expect(try await node.answer(token: try key.sign(Self.claims(TestNode.issuer))).status == 401)
        await node.stop()
    }

    @Test(
        "S8 an issuer that is down: 503 with Retry-After and never 401, degraded, other issuers unharmed; then it comes back"
    )
    func issuerDown() async throws {
        let key = try DevelopmentKey(keyId: "u1")
        let keys = Keys(nil)
        let server = try PlainServer { _ in keys.current }
        defer { server.stop() }
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, authentication: Self.issuer(port: server.port))
        let token = try key.sign(Self.claims(Self.issuer))
        let reply = try await node.answer(token: token)
        #expect(reply.status == 503, "\(reply)")
        #expect(reply.code == "AGENT_UNAVAILABLE")
        #expect(reply.isRetryable == true)
        #expect(reply.headers["retry-after"].flatMap { Int($0) }.map { $0 >= 1 } == true, "\(reply)")
        #expect(reply.headers["www-authenticate"] == nil)
        #expect(worker.requests.isEmpty)
        // One issuer of two: the node serves on, and says which is missing.
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.json["status"] as? String == "degraded", "\(health)")
        let check = (health.json["checks"] as? [String: [String: Any]])?["issuer \(Self.issuer)"]
        #expect(check?["status"] as? String == "degraded", "\(health)")
        #expect((check?["message"] as? String)?.contains(Self.issuer) == true, "\(health)")
        // What has nothing to do with that issuer goes on: its own tokens, and refusals of what no key could save.
        #expect(try await node.answer(token: try TestNode.token()).status == 200)
        #expect(try await node.answer(token: "abc").status == 401)
        #expect(try await node.answer(token: try key.sign(Self.claims("https://nobody.example.com"))).status == 401)

        keys.set(try key.jwks())
        try await eventually(withinSeconds: 20) { try await node.answer(token: token).status == 200 }
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        try await eventually {
            try await AdminPage.get("/health", port: node.adminPort).json["status"] as? String == "healthy"
        }
        await node.stop()
    }

    @Test("a node of which no issuer has keys is not ready, until one has")
    func noKeysAtAll() async throws {
        let key = try DevelopmentKey(keyId: "u1")
        let keys = Keys(nil)
        let server = try PlainServer { _ in keys.current }
        defer { server.stop() }
        let nobody = "    - { issuer: nobody, audiences: [intentusnet], jwks: { url: \"http://127.0.0.1:1/\" } }"
        let node = try await TestNode(
            authentication: Self.issuer(port: server.port) + "\n" + nobody, hasOwnIssuer: false)
        let ready = try await AdminPage.get("/health/ready", port: node.adminPort)
        #expect(ready.status == 503, "\(ready)")
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.json["status"] as? String == "unhealthy", "\(health)")
        keys.set(try key.jwks())
        try await eventually(withinSeconds: 20) {
            try await AdminPage.get("/health/ready", port: node.adminPort).status == 200
        }
        #expect(
            try await AdminPage.get("/health", port: node.adminPort).json["status"] as? String == "degraded")
        await node.stop()
    }

    @Test("B2 nobody listens at the issuer's address: the node starts, and says 503")
    func nobodyListens() async throws {
        let server = try PlainServer { _ in nil }
        let port = server.port
        server.stop()
        let node = try await TestNode(authentication: Self.issuer(port: port))
        let key = try DevelopmentKey(keyId: "u1")
        #expect(try await node.answer(token: try key.sign(Self.claims(Self.issuer))).status == 503)
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        #expect(try await AdminPage.get("/health/live", port: node.adminPort).status == 200)
        await node.stop()
    }

    @Test("B1 an unknown kid causes one fetch and is accepted; made-up kids cause no storm of them")
    func unknownKid() async throws {
        let (first, second) = (try DevelopmentKey(keyId: "u1"), try DevelopmentKey(keyId: "u2"))
        let keys = Keys(try first.jwks())
        let server = try PlainServer { _ in keys.current }
        defer { server.stop() }
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, authentication: Self.issuer(port: server.port))
        #expect(try await node.answer(token: try first.sign(Self.claims(Self.issuer))).status == 200)
        let fetchesAtStart = server.requestCount
        keys.set(try second.jwks())
        let rotated = try await node.answer(token: try second.sign(Self.claims(Self.issuer)))
        #expect(rotated.status == 200, "\(rotated)")
        #expect(server.requestCount == fetchesAtStart + 1)
        for number in 0..<20 {
            let forged = try second.sign(Self.claims(Self.issuer))
            let parts = forged.split(separator: ".")
            let header = Data(#"{"alg":"RS256","kid":"made-up-\#(number)","typ":"JWT"}"#.utf8).base64EncodedString()
                .replacingOccurrences(of: "=", with: "")
            let reply = try await node.answer(token: "\(header).\(parts[1]).\(parts[2])")
            #expect(reply.status == 401, "\(reply)")
        }
        // A fetch for an unknown kid is made every ten seconds at most.
        #expect(server.requestCount <= fetchesAtStart + 2)
        await node.stop()
    }

    @Test("B3 keys that cannot be used leave the good ones in force")
    func poisoned() async throws {
        let key = try DevelopmentKey(keyId: "u1")
        let keys = Keys(try key.jwks())
        let server = try PlainServer { _ in keys.current }
        defer { server.stop() }
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, authentication: Self.issuer(port: server.port))
        let fetchesAtStart = server.requestCount
        keys.set(#"{"keys":[{"kty":"oct","k":"AAAA","kid":"u2"}]}"#)
        let other = try DevelopmentKey(keyId: "u2").sign(Self.claims(Self.issuer))
        let refused = try await node.answer(token: other)
        #expect([401, 503].contains(refused.status), "\(refused)")
        try await eventually { server.requestCount > fetchesAtStart }
        #expect(try await node.answer(token: try key.sign(Self.claims(Self.issuer))).status == 200)
        await node.stop()
    }
}
