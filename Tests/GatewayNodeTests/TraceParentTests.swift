import Foundation
import RedisFixtures
import Testing

/// Whose certificate makes its word on traces count.
@Suite("Traces of services by their certificates")
struct TraceParentTests {
    private static func request() throws -> String {
        let body = Envelope.bare()
        return """
            POST /api/v1/intent HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
            authorization: Bearer \(try TestNode.token())\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)
            """
    }

    /// Nothing is kept here but by the word of a caller, and what is waits.
    private static func node(_ worker: ScriptedWorker, _ certificates: TestCertificates) async throws -> TestNode {
        try await TestNode.inFront(
            of: worker,
            listen: """
                http: "127.0.0.1:0", tls: { certificateFile: "\(certificates.server.certificateFile)", \
                keyFile: "\(certificates.server.keyFile)", trustBundleFiles: ["\(certificates.authority.certificateFile)"] }
                """,
            extra: """
                mesh: { trustedProxies: ["spiffe://cluster.local/ns/istio/sa/ingress"] }
                traces:
                  endpoint: "http://127.0.0.1:9/v1/traces"
                  keptPerMillion: 0
                  everyMilliseconds: 60000
                  flushMilliseconds: 0
                """)
    }

    @Test(
        "a good one does; one that is over by then, and an ingress's own do not",
        arguments: [
            ("URI:spiffe://cluster.local/ns/web/sa/front", 0, 200, true),
            ("URI:spiffe://cluster.local/ns/istio/sa/ingress", 0, 200, false),
            ("URI:spiffe://cluster.local/ns/web/sa/brief", 4, 401, false),
        ])
    func certificate(names: String, secondsLeft: Int64, status: Int, isKept: Bool) async throws {
        let certificates = try TLSNodeTests.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, certificates)
        let name = "traced-" + (names.split(separator: "/").last ?? "") + "-\(status)"
        let shown =
            secondsLeft == 0
            ? try certificates.leaf(name, alternativeNames: names)
            : try certificates.leaf(
                name, alternativeNames: names, endingAt: Int64(Date().timeIntervalSince1970) + secondsLeft)
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile], showing: shown)
        // The handshake is within the certificate's time, and the end of the request is not.
        let answer = try await client.answer(
            try Self.request(), port: node.port, lastByteAfter: secondsLeft == 0 ? 0 : secondsLeft + 1)
        #expect(answer.status == status, "\(answer.text)")
        let queued = try await AdminPage.metric("intentusnet_trace_spans_queued", node)
        #expect(queued.map { $0 > 0 } == isKept, "\(queued ?? -1) spans")
        if status == 200 {
            let head = worker.requests.last?.head ?? ""
            #expect(head.contains("-01\r\n") == isKept && head.contains("traceparent: 00-4bf92f35"), "\(head)")
        }
        await node.stop()
    }
}
