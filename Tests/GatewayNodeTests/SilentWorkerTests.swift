import Foundation
import Testing

/// What callers see of workers that take a request and never answer.
@Suite("Silent workers at the socket")
struct SilentWorkerTests {
    static let impatient = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], max_timeout_ms: 80 }
        """

    @Test("an instance that hangs is ejected, although the policy allows less time than the node")
    func ejection() async throws {
        let (silent, good) = (try ScriptedWorker(.silence), try ScriptedWorker())
        defer {
            silent.stop()
            good.stop()
        }
        let instances = [silent, good].map { #"{ url: "\#($0.url)" }"# }.joined(separator: ", ")
        let node = try await TestNode(
            agents:
                #"[{ name: scripted, intents: [{ name: SummarizeIntent, version: "1.0" }], instances: [\#(instances)] }]"#,
            policy: Self.impatient)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        var statuses: [Int] = []
        for _ in 0..<60 { statuses.append(try client.post(Envelope.bare(), token: token).status) }
        let failures = statuses.count { $0 == 504 }
        #expect((1...8).contains(failures), "\(statuses)")
        #expect(statuses.suffix(10).allSatisfy { $0 == 200 }, "\(statuses)")
        await node.stop()
    }

    @Test("a caller that allows a moment has no instance ejected")
    func callersOwnLimit() async throws {
        let silent = try ScriptedWorker(.silence)
        defer { silent.stop() }
        let node = try await TestNode.inFront(of: silent)
        let token = try TestNode.token()
        let body = Envelope.bare()
        for _ in 0..<12 {
            let client = try SocketClient(port: node.port)
            try client.send(
                "POST /api/v1/intent HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(token)\r\nx-intentus-timeout-ms: 20\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            #expect(try client.receive().status == 504)
        }
        let series = #"intentusnet_agent_instances{agent="scripted",health="healthy"}"#
        #expect(try await node.metric(series) == 1)
        await node.stop()
    }

    @Test("an agent that hangs leaves time for the next one of a fallback, and each is told by its own name")
    func fallback() async throws {
        let (silent, good) = (try ScriptedWorker(.silence), try ScriptedWorker())
        defer {
            silent.stop()
            good.stop()
        }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("first", silent, priority: 1)), \(TestNode.agent("second", good, priority: 2))]",
            extra: "routing: { requestTimeoutMilliseconds: 1000 }")
        let client = try SocketClient(port: node.port)
        let began = ContinuousClock.now
        let reply = try client.post(Envelope.bare(strategy: "fallback"), token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        #expect(ContinuousClock.now - began < .milliseconds(950))
        #expect(good.requests.count == 1)
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["agent"] as? String == "second")
        #expect(record?["attempts"] as? Int == 2)
        await node.stop()
    }

    @Test("a large answer of a worker arrives whole")
    func largeAnswer() async throws {
        let hits = (0..<4_000).map { #"{"id":\#($0),"a":1,"b":2,"c":3,"d":4}"# }.joined(separator: ",")
        let worker = try ScriptedWorker(
            .frame(
                """
                {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success",\
                "payload":{"hits":[\(hits)]},"metadata":{"agent":"scripted"},"error":null}}
                """))
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let reply = try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 200, "\(reply.status) \(reply.error)")
        await node.stop()
    }

    @Test(
        "what the Python transport never sends is told by its status at its paths too",
        arguments: ["GET / HTTP/1.1", "HEAD /intent HTTP/1.1", "PUT /intent HTTP/1.1"])
    func probes(_ line: String) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        try client.send("\(line)\r\nhost: x\r\nconnection: close\r\n\r\n")
        let head = String(decoding: try client.receiveSome() ?? [], as: UTF8.self)
        #expect(head.hasPrefix("HTTP/1.1 405 "), "\(head)")
        #expect(head.lowercased().contains("allow: post"), "\(head)")
        await node.stop()
    }

    @Test("callers without a token see no agents, even where they are let in to the policy")
    func anonymousListing() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, authentication: "  anonymous: allow")
        let reply = try SocketClient(port: node.port).request("GET", "/api/v1/agents")
        #expect(reply.status == 401, "\(reply)")
        await node.stop()
    }
}
