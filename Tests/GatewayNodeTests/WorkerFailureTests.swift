import Foundation
import Testing

/// What a caller sees when the worker fails, and that the gateway goes on.
@Suite("Worker failures at the socket")
struct WorkerFailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var behaviour: ScriptedWorker.Behaviour
        var status: Int
        var code: String
        var retryable: Bool
        var testDescription: String { name }
    }

    static func errorFrame(_ code: String, retryable: Bool = false) -> String {
        """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"error",\
        "payload":null,"metadata":{"agent":"scripted"},"error":{"code":"\(code)","message":"no",\
        "retryable":\(retryable),"details":{}}}}
        """
    }

    static let cases: [Case] = [
        Case(
            name: "closes without an answer", behaviour: .close, status: 502, code: "TRANSPORT_ERROR", retryable: true),
        Case(
            name: "answers 500", behaviour: .raw("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"), status: 502,
            code: "TRANSPORT_ERROR", retryable: true),
        Case(
            name: "redirects", behaviour: .raw("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n"),
            status: 502, code: "TRANSPORT_ERROR", retryable: true),
        Case(
            name: "answers what is not HTTP", behaviour: .raw("hello\r\n\r\n"), status: 502, code: "TRANSPORT_ERROR",
            retryable: true),
        Case(
            name: "answers what is not JSON", behaviour: .frame("<html>"), status: 502, code: "TRANSPORT_ERROR",
            retryable: true),
        Case(
            name: "answers AGENT_ERROR", behaviour: .frame(errorFrame("AGENT_ERROR", retryable: true)), status: 502,
            code: "AGENT_ERROR", retryable: true),
        Case(
            name: "answers VALIDATION_ERROR", behaviour: .frame(errorFrame("VALIDATION_ERROR")), status: 400,
            code: "VALIDATION_ERROR", retryable: false),
        Case(
            name: "answers a code that the wire does not know", behaviour: .frame(errorFrame("WEIRD")), status: 502,
            code: "INTERNAL_AGENT_ERROR", retryable: false),
    ]

    @Test("a failing worker", arguments: cases)
    func failure(_ example: Case) async throws {
        let worker = try ScriptedWorker(example.behaviour)
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let reply = try client.post(Envelope.bare(), token: token)
        #expect(reply.status == example.status, "\(reply)")
        #expect(reply.code == example.code, "\(reply)")
        #expect(reply.isRetryable == example.retryable, "\(reply)")
        worker.set(.frame(ScriptedWorker.success))
        #expect(try client.post(Envelope.bare(), token: token).status == 200)
        await node.stop()
    }

    @Test("a worker that is not there")
    func unreachable() async throws {
        let worker = try ScriptedWorker()
        worker.stop()
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let reply = try client.post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 503)
        #expect(reply.code == "AGENT_UNAVAILABLE")
        #expect(reply.isRetryable == true)
        await node.stop()
    }

    @Test("a silent worker: the caller's own limit ends the wait, and the call to the worker with it")
    func timeout() async throws {
        let worker = try ScriptedWorker(.silence)
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let reply = try client.post(
            Envelope.bare(), token: try TestNode.token(), headers: ["X-Intentus-Timeout-Ms: 80"])
        #expect(reply.status == 504)
        #expect(reply.code == "AGENT_TIMEOUT")
        #expect(reply.isRetryable == true)
        #expect(worker.requests.first?.head.lowercased().contains("x-intentus-timeout-ms: ") == true)
        try await eventually { worker.peersGone == 1 }
        await node.stop()
    }

    @Test("the policy's max_timeout_ms ends the wait")
    func policyTimeout() async throws {
        let worker = try ScriptedWorker(.silence)
        defer { worker.stop() }
        let node = try await TestNode.inFront(
            of: worker,
            policy: "default: deny\nrules:\n  - { id: quick, action: ALLOW, roles: [user], max_timeout_ms: 60 }")
        let reply = try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 504)
        await node.stop()
    }

    @Test("a caller that goes away cancels the call to the worker")
    func clientGone() async throws {
        let worker = try ScriptedWorker(.silence)
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        var client: SocketClient? = try SocketClient(port: node.port)
        let body = Envelope.bare()
        try client?.send(
            "POST /api/v1/intent HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(try TestNode.token())\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        try await eventually { worker.requests.count == 1 }
        client = nil
        try await eventually { worker.peersGone == 1 }
        try await eventually { try node.auditLines().contains { $0["reason"] as? String == "client_gone" } }
        await node.stop()
    }
}

/// Polls until the condition holds; fails after ten seconds.
func eventually(_ condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("not within ten seconds", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
