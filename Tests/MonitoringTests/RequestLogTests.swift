import Foundation
import RedisFixtures
import Testing

/// The log of a gateway that writes JSON.
@Suite("Request log")
struct RequestLogTests {
    private struct Line: Decodable {
        let time: String
        let level: String
        let label: String
        let message: String
        let metadata: [String: String]?
    }

    @Test("every line is a JSON object; a failed request is told once in a while, with its ids; at debug each one is")
    func json() async throws {
        try await offPool {
            let worker = try BehavingWorker.started()
            let gateway = try MonitoredGateway()
            defer {
                gateway.kill9()
                try? worker.stop()
            }
            try gateway.configure(workerPort: worker.port, extra: "audit: { output: none }\nlog: { format: json }")
            try gateway.start()
            worker.become(.fails)
            let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            func post() throws {
                _ = try PlainHTTP.exchange(
                    MonitoredGateway.request(
                        token: try MonitoredGateway.token(), more: [trace, "connection: close"]), port: gateway.port)
            }
            for _ in 0..<5 { try post() }
            let lines = try Self.lines(of: gateway)
            let failed = lines.filter { $0.message == "request failed" }
            #expect(failed.count == 1)
            #expect(failed.first?.level == "warning")
            let facts = failed.first?.metadata ?? [:]
            #expect(facts["requestId"] == "req-1" && facts["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(facts["status"] == "502" && facts["outcome"] == "INTERNAL_AGENT_ERROR")
            #expect(facts["intent"] == "SummarizeIntent" && facts["agent"] == "summarizer")
            #expect(!lines.contains { $0.message == "request" })
            worker.become(.answers)
            _ = try PlainHTTP.exchange(Self.level("debug", of: gateway), port: gateway.adminPort)
            try post()
            try Deadline.wait(for: "a line of the request", milliseconds: 5_000) {
                try Self.lines(of: gateway).contains { $0.message == "request" && $0.metadata?["status"] == "200" }
            }
        }
    }

    private static func lines(of gateway: MonitoredGateway) throws -> [Line] {
        let text = try String(contentsOfFile: gateway.folder.file("gateway.log"), encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    private static func level(_ level: String, of gateway: MonitoredGateway) throws -> [UInt8] {
        let body = #"{"level":"\#(level)"}"#
        let head = [
            "PUT /admin/v1/log/level HTTP/1.1", "host: 127.0.0.1", "connection: close",
            "content-type: application/json",
            "content-length: \(body.utf8.count)",
            "authorization: Bearer \(try MonitoredGateway.token(subject: "operator", role: "intentusnet-admin"))",
        ]
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }
}
