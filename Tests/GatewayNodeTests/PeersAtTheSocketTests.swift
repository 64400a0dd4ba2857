import Foundation
import IntentProtocol
import Testing

/// Which service a peer is, seen from outside: by a trusted sidecar, a node signature, or a service-account token.
@Suite("Service identities at the socket")
struct PeersAtTheSocketTests {
    static let sleep =
        "By=spiffe://cluster.local/ns/default/sa/gw;Hash=\(String(repeating: "ab", count: 32));URI=spiffe://cluster.local/ns/default/sa/sleep"
    static let forServices = """
        default: deny
        rules:
          - { id: sleepers, action: ALLOW, principals: ["cluster.local/ns/default/sa/sleep"] }
        """

    static func ask(_ node: TestNode, _ headers: [String], token: String? = nil, body: String = Envelope.bare()) throws
        -> SocketClient.Reply
    {
        let client = try SocketClient(port: node.port)
        let lines = headers + (token.map { ["authorization: Bearer \($0)"] } ?? [])
        try client.send(
            "POST /api/v1/intent HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                + lines.map { $0 + "\r\n" }.joined() + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
        return try client.receive()
    }

    /// One node that may sign, and its secret.
    static let knowsEdge = """
        mesh:
          nodes:
            - { id: edge-1, service: "spiffe://cluster.local/ns/default/sa/sleep", secretFile: edge-1.secret }
        """
    static let edgeFiles = ["edge-1.secret": "a secret of edge-1\n"]

    /// The headers by which a node signs a body.
    static func signed(
        _ body: String, _ secret: String = "a secret of edge-1", at time: Int64, id: String = "edge-1"
    ) -> [String] {
        let signed = NodeSignature(signing: body.utf8, nodeId: id, secret: Secret(secret), unixSeconds: time)
        return [
            "X-Intentus-Node-Id: \(id)", "X-Intentus-Node-Ts: \(signed.timestamp)",
            "X-Intentus-Node-Signature: \(signed.signature)",
        ]
    }

    @Test("a trusted sidecar's word names the caller: rules match it, the chain and the audit log have it")
    func forwarded() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(
            of: worker, policy: Self.forServices, extra: "mesh: { trustedProxies: [loopback] }")
        let token = try TestNode.token()
        #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(Self.sleep)"], token: token).status == 200)
        let chain = (worker.requests.last?.envelope["metadata"] as? [String: Any])?["identityChain"] as? [String]
        #expect(
            Array((chain ?? []).prefix(3))
                == ["user:alice", "service:cluster.local/ns/default/sa/sleep", "service:api-gateway"], "\(chain ?? [])")
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["principal"] as? String == "cluster.local/ns/default/sa/sleep")
        #expect(record?["identitySource"] as? String == "xfcc")
        // Another service, or none at all, is not what the rule names.
        let other = Self.sleep.replacing("sa/sleep", with: "sa/other")
        #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(other)"], token: token).status == 403)
        #expect(try Self.ask(node, [], token: token).status == 403)
        // What was forwarded does not go on to the worker.
        #expect(worker.requests.allSatisfy { !$0.head.lowercased().contains("x-forwarded-client-cert") })
        await node.stop()
    }

    @Test("a header from a peer that is not trusted is refused, or ignored where the configuration says so")
    func forged() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let refusing = try await TestNode.inFront(of: worker, policy: Self.forServices)
        let token = try TestNode.token()
        let refused = try Self.ask(refusing, ["X-Forwarded-Client-Cert: \(Self.sleep)"], token: token)
        #expect(refused.status == 401, "\(refused)")
        #expect(!"\(refused)".contains("sleep"))
        let record = try refusing.auditLines().first { $0["event"] as? String == "peer_refused" }
        #expect(record?["reason"] as? String == "xfcc_untrusted")
        await refusing.stop()
        let ignoring = try await TestNode.inFront(
            of: worker, policy: Self.forServices, extra: "mesh: { untrustedForwarding: ignore }")
        #expect(try Self.ask(ignoring, ["x-forwarded-client-cert: \(Self.sleep)"], token: token).status == 403)
        await ignoring.stop()
        #expect(worker.requests.isEmpty)
    }

    @Test(
        "what a trusted sidecar could not have meant is refused",
        arguments: [
            ["URI=spiffe://other.example/ns/default/sa/sleep"],
            ["URI=spiffe://cluster.local/ns/default/sa/a;URI=spiffe://cluster.local/ns/default/sa/b"],
            ["URI=\"spiffe://cluster.local/ns/default/sa/sleep"],
        ])
    func malformed(_ values: [String]) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(
            of: worker, policy: Self.forServices, extra: "mesh: { trustedProxies: [loopback] }")
        let reply = try Self.ask(
            node, values.map { "X-Forwarded-Client-Cert: \($0)" }, token: try TestNode.token())
        #expect(reply.status == 401, "\(reply)")
        #expect(worker.requests.isEmpty)
        await node.stop()
    }

    @Test("where the proxy replaces the header, a name in a certificate that writes an element of its own is refused")
    func oneElement() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        // As Envoy writes it: what a DNS name holds stands there without quotes.
        let forged =
            Self.sleep.replacing("sa/sleep", with: "sa/mallory") + ";DNS=a.example,URI="
            + "spiffe://cluster.local/ns/default/sa/sleep"
        for (setting, status) in [("", 200), (", forwardedElementsMax: 1", 401)] {
            let node = try await TestNode.inFront(
                of: worker, policy: Self.forServices, extra: "mesh: { trustedProxies: [loopback]\(setting) }")
            let token = try TestNode.token()
            #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(forged)"], token: token).status == status)
            #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(Self.sleep)"], token: token).status == 200)
            await node.stop()
        }
    }

    @Test("a rule that asks for mutual TLS does not take a sidecar's word for it")
    func sources() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = Self.forServices.replacing("principals:", with: "identity_sources: [mtls], principals:")
        let node = try await TestNode.inFront(of: worker, policy: policy, extra: "mesh: { trustedProxies: [loopback] }")
        let reply = try Self.ask(node, ["X-Forwarded-Client-Cert: \(Self.sleep)"], token: try TestNode.token())
        #expect(reply.status == 403, "\(reply)")
        await node.stop()
    }

    @Test("a service without a token passes only where services may, and then as itself")
    func serviceAlone() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let mesh = "mesh: { trustedProxies: [loopback] }"
        let strict = try await TestNode.inFront(of: worker, policy: Self.forServices, extra: mesh)
        #expect(try Self.ask(strict, ["X-Forwarded-Client-Cert: \(Self.sleep)"]).status == 401)
        await strict.stop()
        let open = try await TestNode.inFront(
            of: worker, policy: Self.forServices, authentication: "  services: allow", extra: mesh)
        #expect(try Self.ask(open, []).status == 401)
        #expect(try Self.ask(open, ["X-Forwarded-Client-Cert: \(Self.sleep)"]).status == 200)
        let chain = (worker.requests.last?.envelope["metadata"] as? [String: Any])?["identityChain"] as? [String]
        #expect(
            Array((chain ?? []).prefix(2)) == ["service:cluster.local/ns/default/sa/sleep", "service:api-gateway"],
            "\(chain ?? [])")
        await open.stop()
    }

    @Test("Istio's policy of the guide admits the principal that it names and refuses others")
    func istioPrincipal() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = AuthorizationAtTheSocketTests.policy(
            "gateway-access",
            """
            action: ALLOW
            rules:
              - from: [{ source: { principals: ["cluster.local/ns/default/sa/sleep"] } }]
                to: [{ operation: { methods: ["POST"], paths: ["/api/v1/intent"] } }]
            """)
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]",
            extra: "mesh: { trustedProxies: [loopback] }\nauthorization: { files: [authz.yaml] }",
            files: ["authz.yaml": policy])
        let token = try TestNode.token()
        #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(Self.sleep)"], token: token).status == 200)
        let other = Self.sleep.replacing("sa/sleep", with: "sa/other")
        #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(other)"], token: token).status == 403)
        #expect(try Self.ask(node, [], token: token).status == 403)
        await node.stop()
    }

    @Test("a node's signature is believed once, inside its window, over the very body")
    func nodeSignature() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", policy: Self.forServices,
            authentication: "  services: allow",
            extra: Self.knowsEdge, files: Self.edgeFiles)
        let now = Int64(Date().timeIntervalSince1970)
        let body = Envelope.bare()
        func headers(_ secret: String = "a secret of edge-1", at time: Int64, id: String = "edge-1") -> [String] {
            Self.signed(body, secret, at: time, id: id)
        }
        #expect(try Self.ask(node, headers(at: now), body: body).status == 200)
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["identitySource"] as? String == "node-signature")
        #expect(try Self.ask(node, headers(at: now), body: body).status == 401)
        #expect(try Self.ask(node, headers(at: now - 90), body: body).status == 401)
        #expect(try Self.ask(node, headers("another secret", at: now), body: body).status == 401)
        #expect(try Self.ask(node, headers(at: now, id: "edge-2"), body: body).status == 401)
        #expect(try Self.ask(node, Array(headers(at: now + 1).dropLast()), body: body).status == 401)
        let changed = body.replacing("SummarizeIntent", with: "SummarizeIntenT")
        #expect(try Self.ask(node, headers(at: now + 2), body: changed).status == 401)
        let reasons = try node.auditLines().compactMap { $0["reason"] as? String }
        #expect(reasons.contains("node_signature_replayed"), "\(reasons)")
        #expect(worker.requests.count == 1)
        await node.stop()
    }

    @Test("a signature on a node that knows no nodes is refused, not passed by")
    func unknownNode() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let reply = try Self.ask(
            node, ["X-Intentus-Node-Id: edge-1", "X-Intentus-Node-Ts: 1", "X-Intentus-Node-Signature: 00"],
            token: try TestNode.token())
        #expect(reply.status == 401, "\(reply)")
        #expect(worker.requests.isEmpty)
        await node.stop()
    }

    @Test("a service-account token names the service, and one that contradicts the sidecar is refused")
    func serviceAccount() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(
            of: worker, policy: Self.forServices,
            extra: """
                mesh:
                  trustedProxies: [loopback]
                  serviceAccountIssuers: [{ issuer: "\(TestNode.issuer)" }]
                """)
        let token = try TestNode.token(subject: "system:serviceaccount:default:sleep", roles: [])
        #expect(try Self.ask(node, [], token: token).status == 200)
        let chain = (worker.requests.last?.envelope["metadata"] as? [String: Any])?["identityChain"] as? [String]
        #expect(
            Array((chain ?? []).prefix(2)) == ["service:cluster.local/ns/default/sa/sleep", "service:api-gateway"],
            "\(chain ?? [])")
        #expect(try Self.ask(node, ["X-Forwarded-Client-Cert: \(Self.sleep)"], token: token).status == 200)
        let other = Self.sleep.replacing("sa/sleep", with: "sa/other")
        let refused = try Self.ask(node, ["X-Forwarded-Client-Cert: \(other)"], token: token)
        #expect(refused.status == 401, "\(refused)")
        let record = try node.auditLines().last { $0["event"] as? String == "peer_refused" }
        #expect(record?["reason"] as? String == "identity_disagreement")
        let malformed = try TestNode.token(subject: "system:serviceaccount:default", roles: [])
        #expect(try Self.ask(node, [], token: malformed).status == 401)
        #expect(worker.requests.count == 2)
        await node.stop()
    }
}
