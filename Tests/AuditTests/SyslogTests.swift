import Foundation
import LoadClient
import RedisFixtures
import Testing

/// A gateway that sends its audit log to syslog; the server is a socket of the test.
@Suite("The audit log by syslog", .serialized)
struct SyslogTests {
    @Test("every request's message arrives over TCP, a server that is away means 503, and its return ends that")
    func tcp() async throws {
        try await offPool {
            let port = try FreePorts.next()
            let gateway = try AuditedGateway(audit: Self.audit("tcp://127.0.0.1:\(port)", mode: "block"))
            defer { gateway.end() }
            let server = try SyslogServer(port: port)
            try gateway.start()
            let report = try Load.run(gateway, perSecond: 500, seconds: 2)
            let answered = report.sum().statuses.values.reduce(0, +)
            try Deadline.wait(for: "all records", milliseconds: 10_000) {
                server.records(of: "request") > 0 && server.requests == answered
            }
            #expect(server.faults.isEmpty, "\(server.faults)")

            server.stop()
            let token = try AuditedGateway.token()
            try Deadline.wait(for: "a refusal", milliseconds: 10_000) { try gateway.send(token: token).status == 503 }
            #expect(try gateway.health().text.contains("syslog at tcp://127.0.0.1:\(port)"))
            let second = try SyslogServer(port: port)
            defer { second.stop() }
            try Deadline.wait(for: "an answer", milliseconds: 15_000) { try gateway.send(token: token).status == 200 }
            try gateway.stop()
            try Deadline.wait(for: "the last record", milliseconds: 5_000) { second.records(of: "audit_stop") == 1 }
            #expect(second.lines.first?.contains(#""event":"audit_continue""#) == true)
            // What each server has is a chain that proves itself: the second one's begins behind what the first one was sent.
            let file = try gateway.folder.write("second.jsonl", second.lines.map { $0 + "\n" }.joined())
            let (code, text) = try gateway.verify(files: [file])
            #expect(code == 0, "\(text)")
        }
    }

    @Test("a Unix datagram socket and UDP get the same lines", arguments: ["unix", "udp"])
    func datagrams(kind: String) async throws {
        try await offPool {
            let folder = try PrivateFolder()
            let port = try FreePorts.next()
            let address = kind == "unix" ? "unix:\(folder.file("log"))" : "udp://127.0.0.1:\(port)"
            let server =
                kind == "unix" ? try SyslogServer(path: folder.file("log")) : try SyslogServer(datagramPort: port)
            defer { server.stop() }
            let gateway = try AuditedGateway(audit: Self.audit(address, mode: kind == "unix" ? "block" : "drop"))
            defer { gateway.end() }
            try gateway.start()
            let token = try AuditedGateway.token()
            for _ in 0..<20 { #expect(try gateway.send(token: token).status == 200) }
            try gateway.stop()
            try Deadline.wait(for: "the last record", milliseconds: 5_000) { server.records(of: "audit_stop") == 1 }
            #expect(server.records(of: "request") == 20)
            #expect(server.faults.isEmpty, "\(server.faults)")
            let file = try gateway.folder.write("all.jsonl", server.lines.map { $0 + "\n" }.joined())
            let (code, text) = try gateway.verify(files: [file])
            #expect(code == 0, "\(text)")
        }
    }

    private static func audit(_ address: String, mode: String) -> String {
        "{ output: syslog, syslog: { address: \"\(address)\", facility: audit }, keyFile: audit.key, node: gw-1, mode: \(mode) }"
    }
}
