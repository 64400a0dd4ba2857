import Foundation
import RedisFixtures
import Testing

/// The addresses of clients behind proxies, seen from outside.
@Suite("X-Forwarded-For at the socket")
struct ForwardedForTests {
    static let office = AuthorizationAtTheSocketTests.policy(
        "office",
        """
        action: ALLOW
        rules:
          - from: [{ source: { remoteIpBlocks: ["203.0.113.0/24", "2001:db8::/32"] } }]
        """)

    static func node(_ worker: ScriptedWorker, mesh: String, policy: String = office) async throws -> TestNode {
        try await AuthorizationAtTheSocketTests.node(worker, [policy], mesh: "mesh: { \(mesh) }")
    }

    static func status(_ node: TestNode, _ values: [String]) throws -> Int {
        try PeersAtTheSocketTests.ask(
            node, values.map { "X-Forwarded-For: \($0)" }, token: try TestNode.token()
        ).status
    }

    @Test("behind one proxy the rightmost address counts; what the client wrote itself does not")
    func oneProxy() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(
            worker, mesh: "forwardedFor: { trustedHops: 1, proxies: [\"127.0.0.0/8\"] }")
        #expect(try Self.status(node, ["203.0.113.7"]) == 200)
        #expect(try Self.status(node, ["6.6.6.6, 203.0.113.7"]) == 200)
        #expect(try Self.status(node, ["6.6.6.6", "203.0.113.7"]) == 200)
        #expect(try Self.status(node, ["2001:db8::7"]) == 200)
        #expect(try Self.status(node, ["[2001:db8::7]:443"]) == 200)
        // Forged: the client says that it is of the office, the proxy adds who it is.
        #expect(try Self.status(node, ["203.0.113.7, 6.6.6.6"]) == 403)
        #expect(try Self.status(node, ["203.0.113.7", "6.6.6.6"]) == 403)
        #expect(try Self.status(node, ["2001:db9::7"]) == 403)
        // Without the header the proxy speaks for itself.
        #expect(try Self.status(node, []) == 403)
        for garbage in ["203.0.113.7, unknown", "", "203.0.113.7,", "203.0.113.7/24"] {
            #expect(try Self.status(node, [garbage]) == 401, "\(garbage)")
        }
        let records = try node.auditLines()
        #expect(records.contains { $0["event"] as? String == "request" && $0["client"] as? String == "203.0.113.7" })
        let refused = records.last { $0["event"] as? String == "peer_refused" }
        #expect(refused?["reason"] as? String == "xff_unreadable")
        await node.stop()
    }

    @Test(
        "S20 S22 a limit by address counts subscribers: whatever addresses one makes up in its /64, they are one bucket"
    )
    func limitByAddress() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]",
            policy: """
                default: deny
                rules:
                  - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 2, rate_limit_key_template: "{address}" }
                """, extra: "mesh: { forwardedFor: { trustedHops: 1, proxies: [\"127.0.0.0/8\"] } }")
        #expect(try Self.status(node, ["2001:db8:0:1::7"]) == 200)
        #expect(try Self.status(node, ["2001:db8:0:1:ffff::8"]) == 200)
        #expect(try Self.status(node, ["2001:db8:0:1:1:2:3:4"]) == 429)
        #expect(try Self.status(node, ["2001:db8:0:2::7"]) == 200)
        // What the client writes itself makes no other key.
        for forged in ["6.6.6.6, 203.0.113.7", "7.7.7.7, 203.0.113.7"] {
            #expect(try Self.status(node, [forged]) == 200)
        }
        #expect(try Self.status(node, ["8.8.8.8, 203.0.113.7"]) == 429)
        #expect(try Self.status(node, ["203.0.113.8"]) == 200)
        await node.stop()
    }

    @Test("behind two proxies the second address from the right counts; too few of them leave the peer's own")
    func twoProxies() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, mesh: "trustedProxies: [loopback], forwardedFor: { trustedHops: 2 }")
        #expect(try Self.status(node, ["6.6.6.6, 203.0.113.7, 10.0.0.1"]) == 200)
        #expect(try Self.status(node, ["203.0.113.7", "10.0.0.1"]) == 200)
        #expect(try Self.status(node, ["203.0.113.7"]) == 403)
        #expect(try Self.status(node, ["203.0.113.7, 6.6.6.6, 10.0.0.1"]) == 403)
        await node.stop()
    }

    @Test("nobody who is not named is believed, and without hops no header is read")
    func untrusted() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        for mesh in [
            "forwardedFor: { trustedHops: 1, proxies: [\"10.0.0.0/8\"] }", "trustedProxies: [loopback]",
            "namespace: default",
        ] {
            let node = try await Self.node(worker, mesh: mesh)
            #expect(try Self.status(node, ["203.0.113.7"]) == 403, "\(mesh)")
            #expect(try Self.status(node, ["unknown"]) == 403, "\(mesh)")
            await node.stop()
        }
        #expect(worker.requests.isEmpty)
    }

    @Test("ipBlocks stay the TCP peer's, and a DENY policy sees the client behind the proxy")
    func deny() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = AuthorizationAtTheSocketTests.policy(
            "pests",
            """
            action: DENY
            rules:
              - from: [{ source: { remoteIpBlocks: ["6.6.6.0/24"] } }]
              - from: [{ source: { ipBlocks: ["203.0.113.0/24"] } }]
            """)
        let node = try await Self.node(
            worker, mesh: "forwardedFor: { trustedHops: 1, proxies: [loopback] }", policy: policy)
        #expect(try Self.status(node, ["203.0.113.7"]) == 200)
        #expect(try Self.status(node, ["203.0.113.7, 6.6.6.6"]) == 403)
        await node.stop()
    }

    @Test("a proxy can be named by its certificate")
    func principal() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let certificates = try TLSNodeTests.certificates.get()
        let listen = """
            http: "127.0.0.1:0", tls: { certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)", trustBundleFiles: ["\(certificates.authority.certificateFile)"] }
            """
        let other = try certificates.leaf(
            "no-proxy", alternativeNames: "URI:spiffe://cluster.local/ns/default/sa/no-proxy")
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", listen: listen,
            extra: """
                mesh: { forwardedFor: { trustedHops: 1, proxies: ["spiffe://cluster.local/ns/default/sa/client"] } }
                authorization: { files: [authz] }
                """, files: ["authz/0.yaml": Self.office])
        let token = try TestNode.token()
        let body = Envelope.bare()
        let request =
            "POST /api/v1/intent HTTP/1.1\r\nhost: x\r\nconnection: close\r\nX-FORWARDED-for: 203.0.113.7\r\nauthorization: Bearer \(token)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        let authority = [certificates.authority.certificateFile]
        let port = node.port
        #expect(
            try await TLSClient(authorityFiles: authority, showing: certificates.client).answer(request, port: port)
                .status
                == 200)
        #expect(
            try await TLSClient(authorityFiles: authority, showing: other).answer(request, port: port).status == 403)
        await node.stop()
    }
}
