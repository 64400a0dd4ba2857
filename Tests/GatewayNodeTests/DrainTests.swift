import Foundation
import GatewayNode
import Testing

/// How a node stops.
@Suite("Stopping gracefully")
struct DrainTests {
    static func agent(_ server: PlainServer) -> String {
        """
        [{ name: held, intents: [{ name: SummarizeIntent, version: "1.0" }], \
        instances: [{ url: "http://127.0.0.1:\(server.port)/execute-agent" }] }]
        """
    }

    static func request(_ body: String, _ token: String) -> String {
        "POST /api/v1/intent HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("a running request is answered, nothing new is let in, and readiness says so")
    func running() async throws {
        let gate = Gate()
        let worker = try PlainServer { _ in
            gate.wait()
            return ScriptedWorker.success
        }
        defer { worker.stop() }
        let node = try await TestNode(agents: Self.agent(worker), extra: "drainTimeoutMilliseconds: 20000")
        let (port, adminPort) = (node.port, node.adminPort)
        #expect(try await AdminPage.get("/health/ready", port: adminPort).status == 200)
        let idle = try SocketClient(port: port)
        let client = try SocketClient(port: port)
        try client.send(Self.request(Envelope.bare(), try TestNode.token()))
        try await eventually { worker.requestCount == 1 }

        let start = ContinuousClock.now
        let stopping = Task { await node.node.stop() }
        try await eventually { (try? SocketClient(port: port)) == nil }
        let ready = try await AdminPage.get("/health/ready", port: adminPort)
        #expect(ready.status == 503)
        #expect(String(decoding: ready.body, as: UTF8.self).contains("draining"), "\(ready)")
        #expect(try await AdminPage.get("/health/live", port: adminPort).status == 200)
        #expect(try idle.isClosedByPeer())
        // Whoever asks while the node drains is told the ports that were bound.
        #expect(node.port == port)
        #expect(node.adminPort == adminPort)

        gate.open()
        let reply = try client.receive()
        #expect(reply.status == 200, "\(reply)")
        #expect(reply.headers["connection"] == "close")
        #expect(try client.isClosedByPeer())
        await stopping.value
        #expect(ContinuousClock.now - start < .seconds(20))
        let records = try node.auditLines().filter { $0["event"] as? String == "request" }
        #expect(records.count == 1)
        #expect(records.first?["outcome"] as? String == "success")
        await node.stop()
    }

    @Test("a request that began to arrive before the stop is answered too")
    func arriving() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, extra: "drainTimeoutMilliseconds: 20000")
        let port = node.port
        let (client, idle) = (try SocketClient(port: port), try SocketClient(port: port))
        let text = Self.request(Envelope.bare(), try TestNode.token())
        try client.send(String(text.dropLast(10)))
        // Another connection's answer shows that the loop has read the first one's bytes.
        #expect(try idle.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        let stopping = Task { await node.node.stop() }
        // Its end shows that the loop knows of the stop.
        #expect(try idle.isClosedByPeer())
        try client.send(String(text.suffix(10)))
        let reply = try client.receive()
        #expect(reply.status == 200, "\(reply)")
        #expect(reply.headers["connection"] == "close")
        #expect(try client.isClosedByPeer())
        await stopping.value
        await node.stop()
    }

    @Test("a request that is stuck is cut when the drain time is over, and so is the call to the worker")
    func stuck() async throws {
        let worker = try ScriptedWorker(.silence)
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, extra: "drainTimeoutMilliseconds: 300")
        let client = try SocketClient(port: node.port)
        try client.send(Self.request(Envelope.bare(), try TestNode.token()))
        try await eventually { worker.requests.count == 1 }
        let start = ContinuousClock.now
        await node.node.stop()
        // As the file is when the node has stopped: nobody flushes after that.
        let log = try node.requestRecords()
        let elapsed = ContinuousClock.now - start
        #expect(elapsed >= .milliseconds(300))
        #expect(elapsed < .seconds(5))
        #expect(try client.isClosedByPeer())
        try await eventually { worker.peersGone == 1 }
        #expect(log.count == 1, "\(log)")
        #expect(log.first?.contains(#""status":499"#) == true, "\(log)")
        #expect(log.first?.contains(#""reason":"client_gone""#) == true, "\(log)")
        await node.stop()
    }

    @Test("however many requests are cut, each is in the audit log when the node has stopped")
    func manyStuck() async throws {
        let worker = try ScriptedWorker(.silence)
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, extra: "drainTimeoutMilliseconds: 100")
        let token = try TestNode.token()
        let clients = try (0..<200).map { _ in try SocketClient(port: node.port) }
        for client in clients { try client.send(Self.request(Envelope.bare(), token)) }
        try await eventually { try await node.metric("intentusnet_requests_in_flight") == Double(clients.count) }
        await node.node.stop()
        #expect(try node.requestRecords().count == clients.count)
        await node.stop()
    }

    @Test("stopping twice, or before any request, is harmless")
    func twice() async throws {
        let node = try await TestNode()
        async let first: Void = node.node.stop()
        async let second: Void = node.node.stop()
        // Both return when the node has stopped, not before.
        await first
        #expect(node.port == 0)
        await second
        #expect(node.port == 0)
        await node.stop()
    }
}
