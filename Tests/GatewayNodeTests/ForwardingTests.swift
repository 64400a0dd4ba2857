import Foundation
import Testing

/// What a worker gets and what the caller gets back when all goes well.
@Suite("Forwarding at the socket")
struct ForwardingTests {
    @Test("a bare envelope is answered bare, a frame in a frame")
    func inKind() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let bare = try client.post(Envelope.bare(), token: token)
        #expect(bare.status == 200, "\(bare)")
        #expect(bare.json["status"] as? String == "success")
        #expect((bare.json["payload"] as? [String: Any])?["ok"] as? Bool == true)
        let framed = try client.post(Envelope.frame(), token: token)
        #expect(framed.json["messageType"] as? String == "response")
        #expect(framed.response["status"] as? String == "success")
        // The caller's trace id, whatever the agent said of its own.
        for reply in [bare, framed] {
            let metadata = reply.response["metadata"] as? [String: Any]
            #expect(metadata?["traceId"] as? String == "0af7651916cd43dd8448eb211c80319c")
            #expect(metadata?["agent"] as? String == "scripted")
        }
        await node.stop()
    }

    @Test("the identity chain names the caller and the gateway first, and no bearer goes on")
    func identityChain() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let body = Envelope.bare(chain: ["Bearer \(token)", "user:mallory", "bearer \(token)"])
        #expect(try client.post(body, token: token).status == 200)
        let request = try #require(worker.requests.first)
        let metadata = request.envelope["metadata"] as? [String: Any]
        #expect(metadata?["identityChain"] as? [String] == ["user:alice", "service:api-gateway", "user:mallory"])
        let text = request.head + String(decoding: request.body, as: UTF8.self)
        #expect(!text.lowercased().contains("bearer"))
        #expect(!text.contains(token))
        let audit = try node.auditLines().map { "\($0)" }.joined()
        #expect(!audit.contains(token))
        await node.stop()
    }

    @Test("the token may stand in the frame's header or in the chain", arguments: ["frame", "chain"])
    func tokenInside(place: String) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let body =
            place == "frame"
            ? Envelope.frame(headers: #"{"authorization":"Bearer \#(token)"}"#)
            : Envelope.frame(Envelope.bare(chain: ["Bearer \(token)"]))
        let reply = try client.post(body, path: "/intent")
        #expect(reply.response["status"] as? String == "success", "\(reply)")
        await node.stop()
    }

    @Test("the payload goes on byte for byte, without the dangerous keys of its top level")
    func payload() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let payload =
            #"{"__proto__":{"x":1},"n":1.50,"big":12345678901234567890123,"u":"caf\u00e9 ✓","in":{"constructor":1}}"#
        #expect(try client.post(Envelope.bare(payload: payload), token: try TestNode.token()).status == 200)
        let body = String(decoding: try #require(worker.requests.first).body, as: UTF8.self)
        #expect(
            body.contains(
                #""payload":{"n":1.50,"big":12345678901234567890123,"u":"caf\u00e9 ✓","in":{"constructor":1}}"#),
            "\(body)")
        await node.stop()
    }

    @Test("a missing trace id is filled, from traceparent when there is one")
    func trace() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let reply = try client.post(
            Envelope.bare(traceId: "null"), token: token, headers: ["traceparent: \(parent)"])
        let traceId = (reply.response["metadata"] as? [String: Any])?["traceId"] as? String
        #expect(traceId == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(worker.requests.first?.head.contains("traceparent: \(parent)") == true)
        let fresh = try client.post(Envelope.bare(traceId: #""""#), token: token)
        let made = try #require((fresh.response["metadata"] as? [String: Any])?["traceId"] as? String)
        #expect(made.wholeMatch(of: #/[0-9a-f]{32}/#) != nil)
        await node.stop()
    }

    @Test("FALLBACK goes on to the next agent, BROADCAST calls all and answers with the last success")
    func strategies() async throws {
        let failing = try ScriptedWorker(.frame(WorkerFailureTests.errorFrame("AGENT_ERROR")))
        let working = try ScriptedWorker()
        defer { failing.stop(); working.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("a", failing)), \(TestNode.agent("b", working, priority: 200))]")
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        #expect(try client.post(Envelope.bare(), token: token).code == "AGENT_ERROR")
        #expect(try client.post(Envelope.bare(strategy: "FALLBACK"), token: token).status == 200)
        #expect(failing.requests.count == 2)
        #expect(working.requests.count == 1)
        #expect(try client.post(Envelope.bare(strategy: "broadcast"), token: token).status == 200)
        #expect(failing.requests.count == 3)
        #expect(working.requests.count == 2)
        working.set(.frame(WorkerFailureTests.errorFrame("AGENT_ERROR")))
        let all = try client.post(Envelope.bare(strategy: "broadcast"), token: token)
        #expect((all.response["metadata"] as? [String: Any])?["agent"] as? String == "broadcast", "\(all)")
        await node.stop()
    }

    @Test("PARALLEL, where allowed, answers with the first success and cancels the rest")
    func parallel() async throws {
        let silent = try ScriptedWorker(.silence)
        let working = try ScriptedWorker()
        defer { silent.stop(); working.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("a", silent)), \(TestNode.agent("b", working))]",
            extra: "routing: { allowParallel: true }")
        let reply = try SocketClient(port: node.port).post(
            Envelope.bare(strategy: "parallel"), token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        try await eventually { silent.peersGone == 1 }
        await node.stop()
    }

    @Test("a denied agent is filtered and named; a denied target is a denial and nobody is called")
    func filtered() async throws {
        let billing = try ScriptedWorker()
        let open = try ScriptedWorker()
        defer { billing.stop(); open.stop() }
        let policy = """
            default: deny
            rules:
              - { id: protect, action: DENY, agents: ["billing-*"] }
              - { id: users, action: ALLOW, roles: [user] }
            """
        let node = try await TestNode(
            agents: "[\(TestNode.agent("billing-a", billing, priority: 1)), \(TestNode.agent("open", open))]",
            policy: policy)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let reply = try client.post(Envelope.bare(), token: token)
        #expect(reply.status == 200, "\(reply)")
        let metadata = reply.response["metadata"] as? [String: Any]
        #expect((metadata?["policy"] as? [String: Any])?["filtered"] as? [String] == ["billing-a"], "\(reply)")
        let target = try client.post(Envelope.bare(target: "billing-a"), token: token)
        #expect(target.status == 403)
        #expect(target.details["reason"] as? String == "POLICY_DENIAL")
        #expect(billing.requests.isEmpty)
        await node.stop()
    }

    @Test("every request leaves one audit record, without the payload")
    func audit() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        _ = try client.post(Envelope.bare(payload: #"{"secret":"hunter2"}"#, requestId: "r-42"), token: token)
        _ = try client.post(Envelope.bare())
        let lines = try node.auditLines()
        #expect(lines.count == 2)
        #expect(lines.first?["requestId"] as? String == "r-42")
        #expect(lines.first?["outcome"] as? String == "success")
        #expect(lines.first?["subject"] as? String == "alice")
        #expect(lines.first?["agent"] as? String == "scripted")
        #expect(lines.first?["rule"] as? String == "users")
        #expect(lines.last?["event"] as? String == "auth_failure")
        #expect(!"\(lines)".contains("hunter2"))
        // Who was believed is on record once for a token, and not for each of its requests.
        _ = try client.post(Envelope.bare(), token: token)
        let believed = try node.allAuditLines().filter { $0["event"] as? String == "auth_success" }
        #expect(believed.map { $0["subject"] as? String } == ["alice"])
        #expect(believed.first?["action"] as? String == "token")
        #expect(!"\(try node.allAuditLines())".contains(token.split(separator: ".").last ?? ""))
        await node.stop()
    }
}
