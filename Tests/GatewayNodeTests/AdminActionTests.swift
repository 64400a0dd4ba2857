import Foundation
import Testing

/// That each action of the admin API has its effect and its audit record.
@Suite("Actions of the admin API")
struct AdminActionTests {
    private static let limited = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 6, rate_limit_burst: 2, rate_limit_key_template: "{tenant}" }
        """

    private func expectRecord(
        _ client: AdminClient, _ action: String, target: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let record = try #require(try client.record(action), sourceLocation: sourceLocation)
        #expect(record["outcome"] as? String == "success", "\(record)", sourceLocation: sourceLocation)
        #expect(record["status"] as? Int == 200, "\(record)", sourceLocation: sourceLocation)
        #expect(record["subject"] as? String == "operator", sourceLocation: sourceLocation)
        #expect(record["target"] as? String == target, "\(record)", sourceLocation: sourceLocation)
    }

    @Test("a bucket is looked at and filled; the next request passes, another tenant's bucket is as it was")
    func resetLimit() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", policy: Self.limited, admin: AdminClient.access())
        let client = try AdminClient(node)
        let (acme, other) = (try TestNode.token(), try TestNode.token(tenant: "other"))
        for token in [acme, other] {
            for status in [200, 200, 429] { #expect(try await node.answer(token: token).status == status) }
        }
        let looked = try await client.get("limits/bucket?limit=users&key=acme")
        #expect(looked.json["remainingTokens"] as? Int == 0 && looked.json["burstTokens"] as? Int == 2, "\(looked)")
        #expect((looked.json["fullAfterMs"] as? Int ?? 0) > 10_000, "\(looked)")
        let reset = try await client.post("limits/reset", #"{"limit":"users","key":["acme"]}"#)
        #expect(reset.status == 200 && reset.json["scope"] as? String == "node", "\(reset)")
        #expect(reset.json["remainingTokensBefore"] as? Int == 0, "\(reset)")
        for status in [200, 200, 429] { #expect(try await node.answer(token: acme).status == status) }
        #expect(try await node.answer(token: other).status == 429)
        #expect(try await client.post("limits/reset", #"{"limit":"users","key":[]}"#).status == 400)
        #expect(try await client.post("limits/reset", #"{"limit":"other","key":["acme"]}"#).status == 404)
        #expect(
            try client.records().first { $0["action"] as? String == "limits.reset" }?["target"] as? String
                == "users acme")
        await node.stop()
    }

    @Test("a drained node is not ready, serves whoever comes, and ends each connection; undrained it is as before")
    func drainNode() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(agents: "[\(TestNode.agent("scripted", worker))]", admin: AdminClient.access())
        let client = try AdminClient(node)
        let token = try TestNode.token()
        let kept = try SocketClient(port: node.port)
        #expect(try kept.post(Envelope.bare(), token: token).status == 200)
        let drained = try await client.post("node/drain")
        #expect(drained.status == 200 && drained.json["isDrained"] as? Bool == true, "\(drained)")
        let ready = try await AdminPage.get("/health/ready", port: node.adminPort)
        #expect(ready.status == 503 && ready.json["reason"] as? String == "draining", "\(ready)")
        #expect(try await AdminPage.get("/health/live", port: node.adminPort).status == 200)
        #expect(try kept.isClosedByPeer())
        let late = try await node.answer(token: token)
        #expect(late.status == 200 && late.headers["connection"] == "close", "\(late)")
        try expectRecord(client, "node.drain")
        #expect(try await client.post("node/undrain").json["isDrained"] as? Bool == false)
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        let again = try await node.answer(token: token)
        #expect(again.status == 200 && again.headers["connection"] == nil, "\(again)")
        try expectRecord(client, "node.undrain")
        await node.stop()
    }

    @Test("a drained agent gives way to the next one, its calls under way finish; a drained only agent is 503")
    func drainAgent() async throws {
        let (first, second) = (try ScriptedWorker(), try ScriptedWorker())
        defer {
            first.stop()
            second.stop()
        }
        let node = try await TestNode(
            agents:
                "[\(TestNode.agent("first", first, priority: 1)), \(TestNode.agent("second", second, priority: 2))]",
            admin: AdminClient.access())
        let client = try AdminClient(node)
        let token = try TestNode.token()
        func agent() async throws -> String? {
            let reply = try await node.answer(token: token)
            return (reply.response["metadata"] as? [String: Any])?["agent"] as? String ?? "\(reply.status)"
        }
        let begins = first.requests.count
        _ = try await agent()
        #expect(first.requests.count == begins + 1)
        let drained = try await client.post("agents/first/drain", #"{"ttlSeconds":600}"#)
        #expect(
            drained.json["scope"] as? String == "node" && drained.json["isRegistered"] as? Bool == true, "\(drained)")
        _ = try await agent()
        #expect(first.requests.count == begins + 1 && second.requests.count >= 1)
        let listed = try await client.get("agents").json["agents"] as? [[String: Any]]
        #expect(listed?.first { $0["name"] as? String == "first" }?["isDrained"] as? Bool == true)
        // Whoever asks for it by name is told that it cannot be had.
        #expect(try await node.answer(Envelope.bare(target: "first"), token: token).status == 503)
        #expect(try await client.post("agents/second/drain").status == 200)
        #expect(try await node.answer(token: token).status == 503)
        #expect(try await client.post("agents/first/undrain").status == 200)
        _ = try await agent()
        #expect(first.requests.count == begins + 2)
        try expectRecord(client, "agent.drain", target: "second")
        try expectRecord(client, "agent.undrain", target: "first")
        await node.stop()
    }

    @Test("a drain ends by itself when its time is over")
    func drainEnds() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(agents: "[\(TestNode.agent("scripted", worker))]", admin: AdminClient.access())
        let client = try AdminClient(node)
        let token = try TestNode.token()
        #expect(try await client.post("agents/scripted/drain", #"{"ttlSeconds":1}"#).status == 200)
        #expect(try await node.answer(token: token).status == 503)
        try await eventually { try await node.answer(token: token).status == 200 }
        await node.stop()
    }

    @Test("the keys of issuers are fetched anew, their state is told, and no key is")
    func keys() async throws {
        let node = try await TestNode(admin: AdminClient.access())
        let client = try AdminClient(node)
        let before = try #require((try await client.get("keys").json["issuers"] as? [[String: Any]])?.first)
        #expect(before["issuer"] as? String == TestNode.issuer && before["availability"] as? String == "ready")
        let fetched = try await client.post("jwks/refresh", #"{"issuer":"\#(TestNode.issuer)"}"#)
        let after = try #require((fetched.json["issuers"] as? [[String: Any]])?.first)
        #expect(fetched.status == 200)
        #expect((after["fetchesSucceeded"] as? Int ?? 0) == (before["fetchesSucceeded"] as? Int ?? 0) + 1, "\(fetched)")
        try expectRecord(client, "jwks.refresh", target: TestNode.issuer)
        try node.write("no key set", to: "jwks.json")
        let failed = try await client.post("jwks/refresh")
        #expect(failed.status == 502, "\(failed)")
        #expect((failed.json["issuers"] as? [[String: Any]])?.first?["lastFailure"] as? String != nil)
        // The former keys serve.
        #expect(try await client.get("keys").json["emcl"] is NSNull)
        let rotated = try await client.post("keys/rotate")
        #expect(rotated.status == 409 && String(decoding: rotated.body, as: UTF8.self).contains("EMCL_NOT_CONFIGURED"))
        let text = String(decoding: try await client.get("keys").body, as: UTF8.self)
        let key = try String(contentsOf: node.folder.appending(path: "gateway.yaml"), encoding: .utf8)
        #expect(!text.contains("\"n\"") && key.contains("jwks.json"))
        await node.stop()
    }

    @Test("the configuration is shown with its defaults and without its secrets")
    func configuration() async throws {
        let node = try await TestNode(
            authentication: """
                    - issuer: https://keys.example.com
                      audiences: [intentusnet]
                      jwks: { url: "https://127.0.0.1:9/jwks?key=confidential-word" }
                """,
            store: "{ redis: { url: \"redis://gateway:secret-word@127.0.0.1:9/0\" } }", admin: AdminClient.access())
        let client = try AdminClient(node)
        let reply = try await client.get("config")
        let text = String(decoding: reply.body, as: UTF8.self)
        #expect(reply.status == 200 && !text.contains("secret-word") && !text.contains("confidential-word"), "\(text)")
        #expect(text.contains("redis://127.0.0.1:9") && text.contains("<redacted>"), "\(text)")
        let shown = try #require(reply.json["configuration"] as? [String: Any])
        #expect((shown["listen"] as? [String: Any])?["bodyBytesMax"] as? Int == 2_097_152)
        // The same word wherever it could be told.
        for path in ["nodes", "keys", "limits", "agents"] {
            let page = String(decoding: try await client.get(path).body, as: UTF8.self)
            #expect(!page.contains("secret-word") && !page.contains("confidential-word"), "\(path): \(page)")
        }
        await node.stop()
    }

    @Test("a configuration is checked as text and on disk, with the findings of the command; nothing is put in force")
    func check() async throws {
        let node = try await TestNode(admin: AdminClient.access())
        let client = try AdminClient(node)
        let onDisk = try await client.post("config/check")
        #expect(onDisk.status == 200 && onDisk.json["isAccepted"] as? Bool == true, "\(onDisk)")
        let text = try String(contentsOf: node.folder.appending(path: "gateway.yaml"), encoding: .utf8)
            .replacing("eventLoops", with: "eventLops")
        let body = String(
            decoding: try JSONSerialization.data(withJSONObject: ["text": text]), as: UTF8.self)
        let found = try await client.post("config/check", body)
        let findings = try #require(found.json["findings"] as? [[String: Any]])
        #expect(found.status == 200 && found.json["isAccepted"] as? Bool == false, "\(found)")
        #expect(findings.first?["severity"] as? String == "error" && findings.first?["line"] as? Int == 3, "\(found)")
        #expect((findings.first?["message"] as? String)?.contains("did you mean 'eventLoops'") == true, "\(found)")
        try expectRecord(client, "config.check", target: "text")
        await node.stop()
    }

    @Test("a reload puts the new policy in force and says so; one with an error is refused and the old one stays")
    func reload() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(agents: "[\(TestNode.agent("scripted", worker))]", admin: AdminClient.access())
        let client = try AdminClient(node)
        let token = try TestNode.token()
        try node.write(TestNode.allowUsers.replacing("[user]", with: "[nobody]"), to: "policy.yaml")
        let applied = try await client.post("config/reload")
        #expect(applied.status == 200 && applied.json["isAccepted"] as? Bool == true, "\(applied)")
        #expect(try await node.answer(token: token).status == 403)
        try expectRecord(client, "config.reload")
        try node.write("rules: [{ id: a }]\ncolour: red\n", to: "policy.yaml")
        let refused = try await client.post("config/reload")
        #expect(refused.status == 422 && refused.json["isAccepted"] as? Bool == false, "\(refused)")
        #expect(try await node.answer(token: token).status == 403)
        #expect(try client.record("config.reload")?["outcome"] as? String == "VALIDATION_ERROR")
        await node.stop()
    }

    @Test("the rules in force explain a request as the command does")
    func explain() async throws {
        let node = try await TestNode(policy: Self.limited, admin: AdminClient.access())
        let client = try AdminClient(node)
        let asked = #"{"engine":"intent","request":{"intent":"A","roles":["user"],"tenant":"acme","agents":["x","y"]}}"#
        let reply = try await client.post("policy/explain", asked)
        let decisions = try #require(reply.json["decisions"] as? [[String: Any]])
        #expect(decisions.map { $0["isAllowed"] as? Bool } == [true, true], "\(reply)")
        #expect((reply.json["lines"] as? [String])?.contains("allowed by rule 'users'") == true, "\(reply)")
        try expectRecord(client, "policy.explain", target: "intent")
        let none = try await client.post("policy/explain", #"{"engine":"authorization","request":{"path":"/"}}"#)
        #expect(none.status == 409, "\(none)")
        await node.stop()
    }

    @Test("the log level changes at once and comes back after its time")
    func logLevel() async throws {
        let node = try await TestNode(admin: AdminClient.access())
        let client = try AdminClient(node)
        #expect(try await client.get("log/level").json["level"] as? String == "critical")
        let changed = try await client.ask("PUT", "log/level", #"{"level":"error","revertAfterSeconds":1}"#)
        #expect(changed.json["level"] as? String == "error" && changed.json["configured"] as? String == "critical")
        try expectRecord(client, "log.level", target: "error for 1 s")
        try await eventually { try await client.get("log/level").json["level"] as? String == "critical" }
        #expect(try await client.ask("PUT", "log/level", #"{"level":"error"}"#).json["revertsAfterSeconds"] is NSNull)
        await node.stop()
    }
}
