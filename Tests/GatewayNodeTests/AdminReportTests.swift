import Foundation
import RedisFixtures
import Testing

/// What a node tells operators as JSON.
@Suite("Reports of the admin plane")
struct AdminReportTests {
    private static let policy = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 60, rate_limit_burst: 5, rate_limit_key_template: "{tenant}" }
        """

    private func list(_ name: String, _ node: TestNode) async throws -> [[String: Any]] {
        let reply = try await AdminPage.get("/admin/v1/\(name)", port: node.adminPort)
        #expect(reply.status == 200, "\(reply)")
        return try #require(reply.json[name] as? [[String: Any]], "\(reply)")
    }

    @Test("a node on its own: itself, its configured agent, and the limit that was asked")
    func alone() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, policy: Self.policy)
        let token = try TestNode.token()
        let client = try SocketClient(port: node.port)
        #expect(try client.post(Envelope.bare(), token: token).status == 200)

        let nodes = try await list("nodes", node)
        #expect(nodes.count == 1)
        #expect(nodes.first?["isThisNode"] as? Bool == true)
        #expect((nodes.first?["version"] as? String)?.isEmpty == false)
        #expect((nodes.first?["startedAt"] as? String)?.hasSuffix("Z") == true)

        let agent = try #require(try await list("agents", node).first)
        #expect(agent["name"] as? String == "scripted")
        #expect(agent["source"] as? String == "configured")
        #expect((agent["intents"] as? [[String: Any]])?.first?["name"] as? String == "SummarizeIntent")
        let instance = try #require((agent["instances"] as? [[String: Any]])?.first)
        #expect(instance["url"] as? String == worker.url)
        #expect(instance["health"] as? String == "healthy")
        #expect(instance["lastRenewedAt"] is NSNull && instance["expiresInMs"] is NSNull)

        let limit = try #require(try await list("limits", node).first)
        #expect(limit["limit"] as? String == "users" && limit["key"] as? [String] == ["acme"], "\(limit)")
        #expect(limit["burstTokens"] as? Int == 5 && limit["ratePerMinute"] as? Int == 60)
        #expect([4, 5].contains(limit["remainingTokens"] as? Int) && limit["heldTokens"] as? Int == 0, "\(limit)")
        for name in ["nodes", "agents", "limits"] {
            let page = try await AdminPage.get("/admin/v1/\(name)", port: node.adminPort)
            #expect(!String(decoding: page.body, as: UTF8.self).contains(token))
            // Never on the port of the callers.
            #expect(try SocketClient(port: node.port).request("GET", "/admin/v1/\(name)").status == 404)
        }
        await node.stop()
    }

    @Test("the load of a node is what it did in the last second")
    func load() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        let client = try SocketClient(port: node.port)
        try await eventually {
            for _ in 0..<5 { _ = try client.post(Envelope.bare(), token: token) }
            return (try await list("nodes", node).first?["requestsPerSecond"] as? Int ?? 0) > 0
        }
        await node.stop()
    }

    @Test(
        "nodes of a cluster see each other, and an agent that registered with one of them; a renewal is told where it came",
        .enabled(if: RedisServer.isInstalled))
    func cluster() async throws {
        let redis = try RedisServer.started()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let store = "redis://fixture:fixture@127.0.0.1:\(redis.port)"
        let one = try await TestNode(policy: Self.policy, store: store, extra: RegistrationTests.grants)
        let other = try await TestNode(policy: Self.policy, store: store, extra: RegistrationTests.grants)
        for node in [one, other] {
            try await eventually { try await list("nodes", node).count == 2 }
            #expect(try await list("nodes", node).count { $0["isThisNode"] as? Bool == true } == 1)
        }
        let body =
            #"{"url":"\#(worker.url)","intents":[{"name":"SummarizeIntent","version":"1.0"}],"ttlSeconds":20}"#
        let agentToken = try TestNode.token(subject: "worker-1", roles: ["agent"])
        let created = try SocketClient(port: one.port)
            .request("PUT", RegistrationTests.path, body: body, token: agentToken)
        #expect(created.status == 201, "\(created)")
        try await eventually { try await list("agents", other).count == 1 }
        for (node, isRenewed) in [(one, true), (other, false)] {
            let agent = try #require(try await list("agents", node).first)
            #expect(agent["source"] as? String == "registered")
            #expect((agent["owner"] as? String)?.contains("worker-1") == true, "\(agent)")
            let instance = try #require((agent["instances"] as? [[String: Any]])?.first)
            #expect((instance["lastRenewedAt"] as? String != nil) == isRenewed, "\(instance)")
        }
        let page = try await AdminPage.get("/admin/v1/nodes", port: one.adminPort)
        #expect(page.json["store"] as? String == "redis" && page.json["isCurrent"] as? Bool == true)
        redis.kill9()
        try await eventually {
            let page = try await AdminPage.get("/admin/v1/nodes", port: one.adminPort)
            return page.json["isCurrent"] as? Bool == false
        }
        // The last known list stands.
        #expect(try await list("nodes", one).count == 2)
        await one.stop()
        await other.stop()
    }
}
