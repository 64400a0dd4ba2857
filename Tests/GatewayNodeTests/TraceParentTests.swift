import Foundation
import RedisFixtures
import Testing

/// Whose certificate makes its word on traces count.
@Suite("Traces of services by their certificates")
struct TraceParentTests {
    private static func request(_ more: String = "connection: close") throws -> String {
        let body = Envelope.bare()
        return """
            POST /api/v1/intent HTTP/1.1\r\nhost: x\r\n\(more)\r\ncontent-type: application/json\r\n\
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

    /// Two spans for a request that is kept: of the gateway, and of its call.
    private static func spans(_ node: TestNode) async throws -> Double? {
        try await AdminPage.metric("intentusnet_trace_spans_queued", node)
    }

    @Test(
        "a service's own does, and an ingress's does not",
        arguments: [("ns/web/sa/front", true), ("ns/istio/sa/ingress", false)])
    func certificate(service: String, isKept: Bool) async throws {
        let certificates = try TLSNodeTests.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, certificates)
        let shown = try certificates.leaf(
            "traced-\(isKept)", alternativeNames: "URI:spiffe://cluster.local/\(service)")
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile], showing: shown)
        let answer = try await client.answer(try Self.request(), port: node.port)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try await Self.spans(node) == (isKept ? 2 : 0))
        let head = worker.requests.last?.head ?? ""
        #expect(head.contains("-01\r\n") == isKept && head.contains("traceparent: 00-4bf92f35"), "\(head)")
        await node.stop()
    }

    @Test("one that ends while its connection lasts does until then")
    func over() async throws {
        let certificates = try TLSNodeTests.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, certificates)
        let shown = try certificates.leaf(
            "traced-brief", alternativeNames: "URI:spiffe://cluster.local/ns/web/sa/brief",
            endingAt: Int64(Date().timeIntervalSince1970) + 4)
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile], showing: shown)
        // The first request is within the certificate's time, and the end of the second is not.
        let both = try Self.request("accept: */*") + Self.request()
        let answers = try await client.answer(both, port: node.port, lastByteAfter: 5)
        let statuses = answers.text.matches(of: #/HTTP\/1\.1 (\d+)/#).map { String($0.1) }
        #expect(statuses == ["200", "401"], "\(answers.text)")
        #expect(try await Self.spans(node) == 2)
        await node.stop()
    }
}
