import Foundation
import RedisFixtures
import Testing

/// Load by a client that shares no code with this gateway.
@Suite("HTTP/2 under load", .serialized, .timeLimit(.minutes(3)))
struct HTTP2LoadTests {
    private static let requests = Scale.of(5_000, soak: 100_000)

    @Test("h2load: every request is answered, on a few connections with many streams")
    func h2load() throws {
        let certificates = try TestCertificates()
        let gateway = try TLSGateway(showing: certificates.server)
        defer { gateway.stop() }
        let folder = try PrivateFolder()
        let output = try SpawnedProcess.run(
            [
                "h2load", "-n", "\(Self.requests)", "-c", "8", "-m", "32", "-t", "1", "-d",
                try folder.write("envelope.json", gateway.envelope), "-H", "content-type: application/json", "-H",
                "authorization: Bearer \(gateway.token)", "https://127.0.0.1:\(gateway.port)/api/v1/intent",
            ], in: folder, withinMilliseconds: 120_000)
        let lines = output.split(separator: "\n").map(String.init)
        print(lines.filter { $0.hasPrefix("finished") || $0.hasPrefix("time for request") }.joined(separator: "; "))
        #expect(lines.contains { $0 == "Application protocol: h2" }, "\(output)")
        let expected =
            "\(Self.requests) total, \(Self.requests) started, \(Self.requests) done, "
            + "\(Self.requests) succeeded, 0 failed, 0 errored, 0 timeout"
        #expect(output.contains(expected), "\(output)\n\(gateway.log)")
        #expect(output.contains("status codes: \(Self.requests) 2xx"), "\(output)")
    }
}
