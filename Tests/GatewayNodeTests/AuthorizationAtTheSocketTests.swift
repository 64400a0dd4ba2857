import Foundation
import Testing

/// What Istio's policies make of requests, seen from outside.
@Suite("Istio's policies at the socket")
struct AuthorizationAtTheSocketTests {
    static func policy(_ name: String, _ spec: String, namespace: String = "default") -> String {
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: \(name), namespace: \(namespace) }
        spec:
        \(spec.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n"))
        """
    }

    static let intentsOfAcme = policy(
        "intents",
        """
        action: ALLOW
        rules:
          - to: [{ operation: { methods: ["POST"], paths: ["/api/v1/intent"] } }]
            when: [{ key: "request.auth.claims[tenant]", values: ["acme"] }]
        """)

    /// A node in front of a worker, with these resources in a folder.
    static func node(_ worker: ScriptedWorker, _ resources: [String], mesh: String = "mesh: { namespace: default }")
        async throws -> TestNode
    {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]",
            extra: "\(mesh)\nauthorization: { files: [authz] }",
            files: Dictionary(
                uniqueKeysWithValues: resources.enumerated().map { ("authz/\($0.offset).yaml", $0.element) }))
    }

    @Test("an ALLOW policy admits what it names and refuses the rest, without saying which policy it was")
    func allow() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, [Self.intentsOfAcme])
        let client = try SocketClient(port: node.port)
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        let refused = try client.post(Envelope.bare(), token: try TestNode.token(tenant: "other"))
        #expect(refused.status == 403, "\(refused)")
        #expect(refused.code == "UNAUTHORIZED")
        #expect(refused.isRetryable == false)
        #expect(refused.details["reason"] as? String == "AUTHORIZATION_DENIAL")
        #expect(!"\(refused)".contains("intents\""))
        // The registration API is another path, which no ALLOW rule names.
        #expect(try client.request("GET", "/api/v1/agents", token: try TestNode.token()).status == 403)
        #expect(worker.requests.count == 1)
        let record = try node.auditLines().first { $0["event"] as? String == "authz_deny" }
        #expect(record?["authorization"] as? String == "denied: no ALLOW rule matches")
        #expect(record?["subject"] as? String == "alice")
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await node.stop()
    }

    @Test("a DENY policy wins over an ALLOW policy, and the audit log names it")
    func deny() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let deny = Self.policy(
            "no-probes", "action: DENY\nrules:\n  - when: [{ key: \"request.headers[x-probe]\", values: [\"*\"] }]")
        let node = try await Self.node(worker, [Self.intentsOfAcme, deny])
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        #expect(try client.post(Envelope.bare(), token: token).status == 200)
        let body = Envelope.bare()
        try client.send(
            "POST /api/v1/intent HTTP/1.1\r\nhost: x\r\nX-Probe:  yes \r\nauthorization: Bearer \(token)\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        #expect(try client.receive().status == 403)
        let record = try node.auditLines().first { $0["event"] as? String == "authz_deny" }
        #expect(record?["authorization"] as? String == "denied by default/no-probes rule 0")
        #expect(worker.requests.count == 1)
        await node.stop()
    }

    @Test("source address, port and method are those of the connection and the request")
    func connectionFacts() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let local = Self.policy(
            "local", "action: ALLOW\nrules:\n  - from: [{ source: { ipBlocks: [\"127.0.0.0/8\"] } }]")
        let remote = Self.policy(
            "remote", "action: ALLOW\nrules:\n  - from: [{ source: { ipBlocks: [\"10.0.0.0/8\"] } }]")
        let admitted = try await Self.node(worker, [local])
        #expect(try SocketClient(port: admitted.port).post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await admitted.stop()
        let refused = try await Self.node(worker, [remote])
        #expect(try SocketClient(port: refused.port).post(Envelope.bare(), token: try TestNode.token()).status == 403)
        await refused.stop()
    }

    @Test("policies of another namespace and for other labels do not hold here; those of the root namespace do")
    func attachment() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let nothing = "{}"
        let elsewhere = Self.policy("elsewhere", nothing, namespace: "other")
        let selected = Self.policy("selected", "selector: { matchLabels: { app: billing } }")
        let open = try await Self.node(worker, [elsewhere, selected])
        #expect(try SocketClient(port: open.port).post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await open.stop()
        let labelled = try await Self.node(
            worker, [selected], mesh: "mesh: { namespace: default, labels: [\"app=billing\"] }")
        #expect(try SocketClient(port: labelled.port).post(Envelope.bare(), token: try TestNode.token()).status == 403)
        await labelled.stop()
        let root = try await Self.node(worker, [Self.policy("root", nothing, namespace: "istio-system")])
        #expect(try SocketClient(port: root.port).post(Envelope.bare(), token: try TestNode.token()).status == 403)
        await root.stop()
    }

    @Test("dry-run and AUDIT policies decide nothing and are in the audit log")
    func dryRun() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let dry = Self.policy("dry", "action: DENY\nrules: [{}]").replacing(
            "name: dry,", with: "name: dry, annotations: { \"istio.io/dry-run\": \"true\" },")
        let audit = Self.policy("watch", "action: AUDIT\nrules: [{}]")
        let node = try await Self.node(worker, [dry, audit])
        #expect(try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token()).status == 200)
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["auditedPolicies"] as? [String] == ["default/watch"])
        #expect(record?["dryRun"] as? String == "denied by default/dry rule 0")
        await node.stop()
    }

    @Test("where the mesh says which tokens to believe, another issuer's or audience's token is refused")
    func requestAuthentication() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        func resource(_ rule: String) -> String {
            """
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: { name: tokens, namespace: default }
            spec: { jwtRules: [\(rule)] }
            """
        }
        let keys = "jwksUri: \"https://idp.example.com/jwks\""
        let believed = try await Self.node(worker, [resource("{ issuer: \"\(TestNode.issuer)\", \(keys) }")])
        #expect(try SocketClient(port: believed.port).post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await believed.stop()
        for (rule, status) in [
            ("{ issuer: \"https://other.example.com\", \(keys) }", 401),
            ("{ issuer: \"\(TestNode.issuer)\", audiences: [\"another\"], \(keys) }", 403),
        ] {
            let node = try await Self.node(worker, [resource(rule)])
            let refused = try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token())
            #expect(refused.status == status, "\(refused)")
            await node.stop()
        }
        #expect(worker.requests.count == 1)
    }

    @Test("a changed folder is read again; what is wrong in it stays out, and the old policies stay in force")
    func reload() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, [Self.intentsOfAcme])
        let token = try TestNode.token()
        #expect(try await node.answer(token: token).status == 200)
        let denyAll = Self.policy("nobody", "action: DENY\nrules: [{}]")
        try node.write(denyAll, to: "authz/9.yaml")
        try await eventually { try await node.answer(token: token).status == 403 }
        try node.write(denyAll.replacing("rules", with: "rulez"), to: "authz/9.yaml")
        try await eventually { try await node.metric("intentusnet_config_reload_refused_total") == 1 }
        #expect(try await node.answer(token: token).status == 403)
        try FileManager.default.removeItem(at: node.folder.appending(path: "authz/9.yaml"))
        try await eventually { try await node.answer(token: token).status == 200 }
        await node.stop()
    }

    @Test("a node does not start with a resource that is wrong, and says where")
    func refusedAtStart() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        do {
            let node = try await Self.node(worker, [Self.intentsOfAcme.replacing("methods", with: "method")])
            await node.stop()
            Issue.record("it started")
        } catch {
            #expect("\(error)".contains("authz/0.yaml:"), "\(error)")
            #expect("\(error)".contains("method"), "\(error)")
        }
    }
}
