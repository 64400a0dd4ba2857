import Foundation
import RedisFixtures
import Testing

/// Workers that a node calls by TLS.
@Suite("Workers by TLS")
struct WorkerTLSTests {
    private static func node(_ worker: TLSWorker, expecting principal: String?) async throws -> TestNode {
        let certificates = try TLSNodeTests.certificates.get()
        let expected = principal.map { "principal: \"\($0)\", " } ?? ""
        return try await TestNode(
            agents: """
                [{ name: scripted, \(expected)intents: [{ name: SummarizeIntent, version: "1.0" }], \
                instances: [{ url: "\(worker.url)" }] }]
                """,
            extra: """
                routing:
                  upstream:
                    tls:
                      trustBundleFiles: ["\(certificates.authority.certificateFile)"]
                      certificateFile: "\(certificates.client.certificateFile)"
                      keyFile: "\(certificates.client.keyFile)"
                """)
    }

    @Test("the expected service is called, another one is not, and without one the host must be named")
    func principals() async throws {
        let certificates = try TLSNodeTests.certificates.get()
        let principal = "cluster.local/ns/default/sa/worker"
        let named = try certificates.leaf("spiffe-worker", alternativeNames: "URI:spiffe://\(principal)")
        let cases: [(TestCertificates.Pair, String?, Int)] = [
            (named, principal, 200), (named, "cluster.local/ns/default/sa/other", 503), (named, nil, 503),
            (certificates.server, nil, 200), (certificates.server, principal, 503),
        ]
        for (shown, expected, status) in cases {
            let worker = try await TLSWorker(shown, authorityFile: certificates.authority.certificateFile)
            let node = try await Self.node(worker, expecting: expected)
            let answer = try await node.answer(token: try TestNode.token())
            #expect(answer.status == status, "\(shown.certificateFile) \(expected ?? "host"): \(answer)")
            let series = #"intentusnet_certificate_expiry_seconds{use="upstream","#
            #expect(try await AdminPage.metrics(node).contains(series))
            let failures = try await node.metric("intentusnet_worker_tls_failures_total") ?? -1
            #expect(status == 200 ? failures == 0 : failures > 0)
            // By principal the reason is known; by host name the library alone knows.
            let reason = shown.certificateFile == named.certificateFile ? "other_service" : "without_service"
            let refused = try await node.metric(
                #"intentusnet_certificates_refused_total{peer="worker",reason="certificate_\#(reason)"}"#)
            #expect((refused ?? 0 > 0) == (status == 503 && expected != nil), "\(reason)")
            await node.stop()
            await worker.stop()
        }
    }

    @Test("a worker that registered is called where it is its agent's service, and not in plain text")
    func registered() async throws {
        let certificates = try TLSNodeTests.certificates.get()
        for (account, status) in [("summarizer", 200), ("translator", 503)] {
            let shown = try certificates.leaf(
                "registered-\(account)", alternativeNames: "URI:spiffe://cluster.local/ns/agents/sa/\(account)")
            let worker = try await TLSWorker(shown, authorityFile: certificates.authority.certificateFile)
            let node = try await TestNode(
                extra: """
                    registration:
                      workerPrincipal: cluster.local/ns/agents/sa/{agent}
                      allow: [{ agents: ["*"], roles: [agent] }]
                    routing:
                      upstream:
                        tls:
                          trustBundleFiles: ["\(certificates.authority.certificateFile)"]
                          certificateFile: "\(certificates.client.certificateFile)"
                          keyFile: "\(certificates.client.keyFile)"
                    """)
            let client = try SocketClient(port: node.port)
            let agent = try TestNode.token(subject: "worker-1", roles: ["agent"])
            func put(_ url: String) throws -> Int {
                let body = #"{"url":"\#(url)","intents":[{"name":"SummarizeIntent","version":"1.0"}],"ttlSeconds":20}"#
                return try client.request("PUT", RegistrationTests.path, body: body, token: agent).status
            }
            #expect(try put("http://127.0.0.1:9/execute-agent") == 400)
            #expect(try put(worker.url) == 201)
            let answer = try await node.answer(token: try TestNode.token())
            #expect(answer.status == status, "\(account): \(answer)")
            await node.stop()
            await worker.stop()
        }
    }
}
