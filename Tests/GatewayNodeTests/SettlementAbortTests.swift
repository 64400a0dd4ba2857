import Foundation
import Testing

/// S23: a caller that goes away at any step neither crashes the settlement nor escapes what is known of its cost.
@Suite("Settlements of callers that go away", .serialized)
struct SettlementAbortTests {
    /// Where the caller goes away.
    enum Step: String, CaseIterable, Sendable {
        case inBody, sent, workerAsked, inAnswer, secondAsked, answered, unread
    }

    private static func request(_ tenant: String) throws -> String {
        let body = Envelope.bare(strategy: "fallback", requestId: tenant)
        return """
            POST /api/v1/intent HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
            Authorization: Bearer \(try TestNode.token(tenant: tenant))\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
            """
    }

    @Test("the caller goes away", arguments: Step.allCases)
    func abort(_ step: Step) async throws {
        let failing = SettlementTests.answer(usage: #"{"cost":25}"#, error: true)
        let done = SettlementTests.answer(usage: #"{"cost":40}"#)
        let (first, second) = (try ScriptedWorker(.silence), try ScriptedWorker(.silence))
        defer {
            first.stop()
            second.stop()
        }
        let node = try await TestNode(
            agents:
                "[\(TestNode.agent("first", first, priority: 1)), \(TestNode.agent("second", second, priority: 2))]",
            policy: SettlementTests.policy())
        let text = try Self.request(step.rawValue)
        let port = node.port
        // What the bucket may have paid when all is over.
        let paid: Set<Int>
        switch step {
        case .inBody:
            try await offPool { try SocketClient(port: port).send(String(text.dropLast(20))) }
            paid = [0]
        case .sent:
            try await offPool { try SocketClient(port: port).send(text) }
            paid = [10]
        case .workerAsked, .inAnswer:
            if step == .inAnswer { first.set(.raw("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"protocol\"")) }
            try await offPool {
                let client = try SocketClient(port: port)
                try client.send(text)
                try wait { first.requests.count == 1 }
            }
            paid = [10]
        case .secondAsked:
            first.set(.frame(failing))
            try await offPool {
                let client = try SocketClient(port: port)
                try client.send(text)
                try wait { second.requests.count == 1 }
            }
            paid = [25]
        case .answered:
            first.set(.frame(done))
            try await offPool {
                let client = try SocketClient(port: port)
                try client.send(text)
                _ = try client.receiveSome()
            }
            paid = [40]
        case .unread:
            // The answer and the end of the connection meet: either is seen first, and nothing else is paid.
            first.set(.frame(done))
            try await offPool {
                let client = try SocketClient(port: port)
                try client.send(text)
                try wait { first.requests.count == 1 }
            }
            paid = [10, 40]
        }
        if step != .inBody {
            try await eventually { try node.auditLines().contains { $0["requestId"] as? String == step.rawValue } }
        }
        first.set(.frame(SettlementTests.answer(usage: nil)))
        let probe = try await node.answer(token: try TestNode.token(tenant: step.rawValue))
        #expect(probe.status == 200, "\(probe)")
        let left = try #require(SettlementTests().left(probe))
        #expect(paid.contains(90 - left), "\(step): \(left) left")
        await node.stop()
    }
}

/// Blocks until it is so; for threads that are not of Swift's pool.
private func wait(_ condition: () -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: 10)
    while !condition() {
        guard Date() < deadline else { throw SocketClient.Failure(description: "not within 10 s") }
        Thread.sleep(forTimeInterval: 0.005)
    }
}
