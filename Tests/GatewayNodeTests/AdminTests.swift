import Foundation
import Testing

/// The admin plane of a node that has served requests.
@Suite("Metrics and health of a node")
struct AdminTests {
    static let limited = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 60, rate_limit_burst: 2, rate_limit_key_template: "{tenant}" }
        """

    @Test("counts and latencies carry intent, agent and outcome; limits, pools and tokens have gauges")
    func afterRequests() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, policy: Self.limited)
        let token = try TestNode.token()
        let labels = #"{intent="SummarizeIntent",agent="scripted",outcome="success"}"#
        #expect(try await node.metric("intentusnet_requests_total\(labels)") == nil)
        // The connection stays open, so the gauge of connections has something to show.
        let client = try SocketClient(port: node.port)
        #expect(try client.post(Envelope.bare(), token: token).status == 200)
        #expect(try client.post(Envelope.bare(), token: token).status == 200)
        #expect(try client.post(Envelope.bare(), token: token).status == 429)
        #expect(try client.request("GET", "/nothing").status == 404)

        #expect(try await node.metric("intentusnet_requests_total\(labels)") == 2)
        let text = try await AdminPage.metrics(node)
        #expect(text.contains(#"intentusnet_requests_total{intent="SummarizeIntent",agent=""#))
        #expect(text.contains(#"outcome="RATE_LIMIT"} 1"#), "\(text)")
        #expect(text.contains("# TYPE intentusnet_request_duration_seconds histogram"))
        let open = labels.dropLast()
        #expect(text.contains("intentusnet_request_duration_seconds_bucket\(open),le=\"+Inf\"} 2"), "\(text)")
        #expect(text.contains("intentusnet_request_duration_seconds_count\(labels) 2"))
        #expect(try await node.metric("intentusnet_request_duration_seconds_sum\(labels)").map { $0 > 0 } == true)
        #expect(try await node.metric("intentusnet_limit_admitted_total") == 2)
        #expect(try await node.metric("intentusnet_limit_refused_total") == 1)
        #expect(try await node.metric("intentusnet_limit_keys") == 1)
        #expect(try await node.metric("intentusnet_connections") == 1)
        #expect(try await node.metric(#"intentusnet_connections_refused_total{limit="all"}"#) == 0)
        #expect(try await node.metric(#"intentusnet_connections_refused_total{limit="peer"}"#) == 0)
        #expect(try await node.metric("intentusnet_requests_in_flight") == 0)
        #expect(try await node.metric(#"intentusnet_listener_refusals_total{reason="not_found"}"#) == 1)
        #expect(try await node.metric("intentusnet_agents") == 1)
        #expect(try await node.metric(#"intentusnet_agent_instances{agent="scripted",health="healthy"}"#) == 1)
        #expect(try await node.metric(#"intentusnet_issuer_keys{issuer="\#(TestNode.issuer)"}"#) == 1)
        #expect(try await node.metric("intentusnet_verified_tokens") == 1)
        try await eventually { try await node.metric("intentusnet_worker_connections") == 1 }
        _ = client
        await node.stop()
    }

    @Test("what a caller makes up becomes no label, whether it is refused early or late")
    func madeUpNames() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token(subject: "made-up-subject", tenant: "made-up-tenant")
        for number in 0..<20 {
            let unknown = Envelope.bare(intent: "made-up-intent-\(number)")
            #expect(try client.post(unknown, token: token).status == 404)
            #expect(try client.post(Envelope.bare(target: "made-up-agent-\(number)"), token: token).status == 404)
            #expect(try client.post(unknown).status == 401)
            #expect(try client.request("GET", "/made-up-path-\(number)").status == 404)
        }
        let text = try await AdminPage.metrics(node)
        #expect(!text.contains("made-up"), "\(text)")
        #expect(text.contains(#"outcome="CAPABILITY_NOT_FOUND"} 20"#), "\(text)")
        #expect(text.contains(#"outcome="UNAUTHORIZED"} 20"#), "\(text)")
        await node.stop()
    }

    @Test("health, liveness and readiness have their own pages, on the admin port alone")
    func healthPages() async throws {
        let node = try await TestNode()
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.status == 200)
        #expect(health.json["status"] as? String == "healthy", "\(health)")
        #expect(try await AdminPage.get("/health/live", port: node.adminPort).status == 200)
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        #expect(try await AdminPage.get("/api/v1/intent", port: node.adminPort).status == 404)
        for path in ["/metrics", "/health", "/health/ready"] {
            let reply = try SocketClient(port: node.port).request("GET", path)
            #expect(reply.status == 404)
        }
        await node.stop()
    }
}
