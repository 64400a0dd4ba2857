import Foundation
import RedisFixtures
import Testing

/// The registration API for workers that show which service they are, and bring no token.
@Suite("Registration by service identity")
struct ServiceRegistrationTests {
    private static let summarizer = "cluster.local/ns/agents/sa/summarizer"
    private static let path = RegistrationTests.path

    private static func grants(_ rule: String) -> String { "registration:\n  allow: [{ agents: [\"*\"], \(rule) }]" }

    private static func node(_ rule: String, mesh: String = "") async throws -> TestNode {
        let certificates = try TLSNodeTests.certificates.get()
        return try await TestNode(
            listen: """
                http: "127.0.0.1:0", tls: { mode: PERMISSIVE, certificateFile: "\(certificates.server.certificateFile)", \
                keyFile: "\(certificates.server.keyFile)", trustBundleFiles: ["\(certificates.authority.certificateFile)"], \
                clientCertificates: request }
                """, extra: grants(rule) + "\n" + mesh)
    }

    /// The status of a request of the service with this account, or of nobody in particular.
    private static func status(
        _ method: String, _ account: String?, _ node: TestNode, token: String? = nil
    ) async throws -> Int {
        let certificates = try TLSNodeTests.certificates.get()
        let shown = try account.map {
            try certificates.leaf(
                "registering-\($0)-\(UUID().uuidString)",
                alternativeNames: "URI:spiffe://cluster.local/ns/agents/sa/\($0)")
        }
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile], showing: shown)
        let body =
            #"{"url":"http://127.0.0.1:9/execute-agent","intents":[{"name":"SummarizeIntent"}],"ttlSeconds":20}"#
        let head = token.map { "authorization: Bearer \($0)\r\n" } ?? ""
        let text = """
            \(method) \(path) HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
            \(head)content-length: \(body.utf8.count)\r\n\r\n\(body)
            """
        return try await client.answer(text, port: node.port).status
    }

    @Test("a service that a grant names registers, renews and leaves without a token; no other does")
    func mutual() async throws {
        let node = try await Self.node(#"principals: ["cluster.local/ns/agents/sa/sum*", "\#(Self.summarizer)"]"#)
        #expect(try await Self.status("PUT", "translator", node) == 403)
        #expect(try await Self.status("PUT", nil, node) == 401)
        #expect(try await Self.status("PUT", "summarizer", node) == 201)
        #expect(try await Self.status("PUT", "summarizer", node) == 200)
        // The grant lets it, but the instance is another's.
        #expect(try await Self.status("PUT", "sum2", node) == 409)
        #expect(try await Self.status("DELETE", "translator", node) == 403)
        #expect(try await Self.status("DELETE", "sum2", node) == 409)
        #expect(try await Self.status("DELETE", "summarizer", node) == 200)
        let record = try node.auditLines().first { $0["event"] as? String == "agent_registered" }
        #expect(record?["principal"] as? String == Self.summarizer)
        #expect(record?["identitySource"] as? String == "mtls")
        // Intents of services without a token stay what the configuration makes of them.
        let client = try SocketClient(port: node.port)
        #expect(try client.post(Envelope.bare(), token: nil).status == 401)
        await node.stop()
    }

    @Test("a grant that asks for mutual TLS does not take a sidecar's word; one that does not, does")
    func sources() async throws {
        let forwarded = "By=spiffe://cluster.local/ns/default/sa/gw;Hash=ab;URI=spiffe://\(Self.summarizer)"
        for (sources, status) in [
            (", identitySources: [mtls]", 403), (", identitySources: [mtls, xfcc]", 201), ("", 201),
        ] {
            let node = try await Self.node(
                #"principals: ["\#(Self.summarizer)"]\#(sources)"#, mesh: "mesh: { trustedProxies: [loopback] }")
            let client = try SocketClient(port: node.port)
            let body = #"{"url":"http://127.0.0.1:9/","intents":[{"name":"SummarizeIntent"}],"ttlSeconds":20}"#
            try client.send(
                "PUT \(Self.path) HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
                    + "x-forwarded-client-cert: \(forwarded)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try client.receive().status == status, "\(sources)")
            await node.stop()
        }
    }

    @Test("beside a role both must fit, and a token alone is nobody's identity")
    func both() async throws {
        let node = try await Self.node(#"roles: [agent], principals: ["\#(Self.summarizer)"], identitySources: [mtls]"#)
        let agent = try TestNode.token(subject: "worker-1", roles: ["agent"])
        #expect(try await Self.status("PUT", "summarizer", node) == 403)
        #expect(try await Self.status("PUT", "summarizer", node, token: try TestNode.token()) == 403)
        #expect(try await Self.status("PUT", "translator", node, token: agent) == 403)
        #expect(try await Self.status("PUT", nil, node, token: agent) == 403)
        #expect(try await Self.status("PUT", "summarizer", node, token: agent) == 201)
        await node.stop()
    }

    @Test(
        "a grant that could match nobody, or everybody by mistake, is refused",
        arguments: [
            (#"principals: ["spiffe://cluster.local/ns/a/sa/b"]"#, "leave it out"),
            (#"principals: ["a*b"]"#, "one star"),
            (#"principals: ["old.local/ns/a/sa/b"]"#, "names the alias"),
            ("identitySources: [mtls]", "must name subjects, roles or principals"),
            (#"principals: ["*"], identitySources: [none]"#, "none is no proof"),
            (#"principals: ["*"], identitySources: [tls]"#, "identitySources"),
        ])
    func refused(_ rule: String, _ finding: String) async throws {
        do {
            let node = try await Self.node(rule, mesh: "mesh: { trustDomainAliases: [old.local] }")
            await node.stop()
            Issue.record("it started")
        } catch {
            #expect("\(error)".contains(finding), "\(error)")
        }
    }
}
