import Foundation
import Testing

/// The registration API at the socket.
@Suite("Registration at the socket")
struct RegistrationTests {
    static let grants = """
        registration:
          ttlSecondsMax: 30
          allow:
            - { agents: ["summar*"], roles: [agent], intents: ["Summ*"], hosts: ["127.0.0.1"] }
        """
    static let path = "/api/v1/agents/summarizer/instances/one"

    func agentToken(_ subject: String = "worker-1", roles: [String] = ["agent"]) throws -> String {
        try TestNode.token(subject: subject, roles: roles)
    }

    func body(_ url: String, intents: String = #"[{"name":"SummarizeIntent","version":"1.0"}]"#) -> String {
        #"{"url":"\#(url)","intents":\#(intents),"ttlSeconds":20}"#
    }

    @Test("a registered worker is called at once, listed, renewed, and gone when it leaves")
    func lifecycle() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(extra: Self.grants)
        let client = try SocketClient(port: node.port)
        let user = try TestNode.token()
        #expect(try client.post(Envelope.bare(), token: user).status == 404)
        let created = try client.request("PUT", Self.path, body: body(worker.url), token: try agentToken())
        #expect(created.status == 201, "\(created)")
        #expect(created.json["ttlSeconds"] as? Int == 20)
        #expect(try client.request("PUT", Self.path, body: body(worker.url), token: try agentToken()).status == 200)
        #expect(try client.post(Envelope.bare(), token: user).status == 200)
        let listing = try client.request("GET", "/api/v1/agents", token: user)
        #expect("\(listing.json)".contains("summarizer"))
        // Where an instance lives is not everybody's business.
        #expect(!"\(listing.json)".contains(worker.url))
        #expect(try client.request("DELETE", Self.path, token: try agentToken()).status == 200)
        #expect(try client.post(Envelope.bare(), token: user).status == 404)
        #expect(try client.request("DELETE", Self.path, token: try agentToken()).status == 404)
        await node.stop()
    }

    @Test("refuses who may not, what is wrong, and a takeover")
    func refusals() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(extra: Self.grants)
        let client = try SocketClient(port: node.port)
        let agent = try agentToken()
        func put(_ path: String, _ body: String, _ token: String?) throws -> Int {
            try client.request("PUT", path, body: body, token: token).status
        }
        #expect(try put(Self.path, body(worker.url), nil) == 401)
        #expect(try put(Self.path, body(worker.url), try TestNode.token()) == 403)
        #expect(try put("/api/v1/agents/billing/instances/one", body(worker.url), agent) == 403)
        #expect(try put(Self.path, body("http://10.0.0.1:80/"), agent) == 403)
        #expect(try put(Self.path, body("http://169.254.169.254/latest"), agent) == 400)
        #expect(try put(Self.path, body("file:///etc/passwd"), agent) == 400)
        // A grant for an agent's name must not let it take the intents of others.
        #expect(try put(Self.path, body(worker.url, intents: #"[{"name":"AdminReset"}]"#), agent) == 403)
        #expect(try put(Self.path, "{}", agent) == 400)
        #expect(try put(Self.path, body(worker.url, intents: "[]"), agent) == 400)
        #expect(try put(Self.path, #"{"url":"\#(worker.url)","intents":[],"colour":1}"#, agent) == 400)
        #expect(try put(Self.path, body(worker.url), agent) == 201)
        #expect(try put(Self.path, body(worker.url), try agentToken("worker-2")) == 409)
        #expect(try client.request("DELETE", Self.path, token: try agentToken("worker-2")).status == 409)
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await node.stop()
    }

    @Test(
        "who registers takes no configured agent's place, unless the configuration lets it",
        arguments: [("", 100, ["configured", "aaa"]), ("  minimumNodePriority: 7\n", 7, ["aaa", "configured"])])
    func firstPlace(setting: String, priority: Int, order: [String]) async throws {
        let (configured, registered) = (try ScriptedWorker(), try ScriptedWorker())
        defer { for worker in [configured, registered] { worker.stop() } }
        let grants = "registration:\n\(setting)  allow: [{ agents: [\"*\"], roles: [agent] }]"
        let node = try await TestNode(agents: "[\(TestNode.agent("configured", configured))]", extra: grants)
        let client = try SocketClient(port: node.port)
        let body =
            #"{"url":"\#(registered.url)","intents":[{"name":"SummarizeIntent"}],"nodePriority":0}"#
        let path = "/api/v1/agents/aaa/instances/one"
        #expect(try client.request("PUT", path, body: body, token: try agentToken()).status == 201)
        // The heartbeat asks for the same, and is no change.
        #expect(try client.request("PUT", path, body: body, token: try agentToken()).status == 200)
        let listing = try client.request("GET", "/api/v1/agents", token: try TestNode.token())
        let agents = listing.json["agents"] as? [[String: Any]]
        #expect(agents?.first { $0["name"] as? String == "aaa" }?["nodePriority"] as? Int == priority, "\(listing)")
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        #expect(try node.auditLines().last?["agent"] as? String == order.first)
        #expect(try client.post(Envelope.bare(strategy: "broadcast"), token: try TestNode.token()).status == 200)
        #expect(try node.auditLines().last?["agent"] as? String == order.last)
        await node.stop()
    }

    @Test("the gateway's own name is nobody's to register")
    func reservedName() async throws {
        let node = try await TestNode(extra: "registration: { allow: [{ agents: [\"*\"], roles: [agent] }] }")
        let client = try SocketClient(port: node.port)
        let reply = try client.request(
            "PUT", "/api/v1/agents/gateway/instances/one", body: body("http://127.0.0.1:1/"), token: try agentToken())
        #expect(reply.status == 400, "\(reply)")
        #expect("\(reply)".contains("gateway's own"))
        await node.stop()
    }

    @Test("without grants nobody registers")
    func closedByDefault() async throws {
        let node = try await TestNode()
        let client = try SocketClient(port: node.port)
        let reply = try client.request("PUT", Self.path, body: body("http://127.0.0.1:1/"), token: try agentToken())
        #expect(reply.status == 403)
        await node.stop()
    }
}
