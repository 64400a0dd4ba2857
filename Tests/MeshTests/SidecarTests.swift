import RedisFixtures
import Testing

/// The production guide's mesh, with a real Envoy as the gateway's sidecar.
@Suite("A real Envoy as sidecar")
struct SidecarTests {
    private let certificates: MeshCertificates
    private let sidecar: Sidecar

    init() throws {
        certificates = try MeshCertificates.shared.get()
        sidecar = try Sidecar.shared.get()
    }

    @Test(
        "the guide's policy admits the service that it names, and the audit log says who it was",
        arguments: EnvoyParts.Forwarding.allCases)
    func admitted(_ forwarding: EnvoyParts.Forwarding) async throws {
        let client = try MeshClient(showing: certificates.apiGateway)
        let id = "admitted-\(forwarding)"
        let answer = try await client.answer(MeshGateway.request(id), port: sidecar.port(forwarding))
        #expect(answer.status == 200 && answer.description.contains(#""status":"success""#), "\(answer)")
        let record = try #require(try sidecar.gateway.records(1) { $0.requestId == id }.first)
        #expect(record.principal == "cluster.local/ns/default/sa/api-gateway")
        #expect(record.identitySource == "xfcc")
    }

    @Test("it refuses every other service, and other paths even to that one", arguments: EnvoyParts.Forwarding.allCases)
    func refused(_ forwarding: EnvoyParts.Forwarding) async throws {
        let id = "refused-\(forwarding)"
        let port = sidecar.port(forwarding)
        let other = try await MeshClient(showing: certificates.reports).answer(MeshGateway.request(id), port: port)
        #expect(other.status == 403, "\(other)")
        #expect(!other.description.contains("intentusnet-policy"), "a caller learns no policy: \(other)")
        let record = try #require(
            try sidecar.gateway.records(1) { $0.event == "authz_deny" && $0.principal?.hasSuffix("/reports") == true }
                .first)
        #expect(record.status == 403)
        let elsewhere = try await MeshClient(showing: certificates.apiGateway).answer(
            "GET /api/v1/agents HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n", port: port)
        #expect(elsewhere.status == 403, "\(elsewhere)")
    }

    @Test("a client that forges the header through the sidecar is refused", arguments: Forgery.all)
    func forgedThrough(_ forgery: Forgery) async throws {
        let client = try MeshClient(showing: certificates.reports)
        for forwarding in EnvoyParts.Forwarding.allCases {
            let answer = try await client.answer(
                MeshGateway.request("forged", headers: forgery.lines), port: sidecar.port(forwarding))
            switch forwarding {
            case .sanitizeSet: #expect(answer.status == 403, "\(answer)")
            // Either the caller is who it is, or what the sidecar made of the header cannot be read.
            case .appendForward: #expect(answer.status == (forgery.isUnreadable ? 401 : 403), "\(answer)")
            }
        }
        #expect(try sidecar.gateway.records().allSatisfy { $0.requestId != "forged" || $0.event == "authz_deny" })
    }

    @Test("a client that forges the header directly to the gateway is refused", arguments: Forgery.all)
    func forgedDirectly(_ forgery: Forgery) async throws {
        let isUntrusted = { (line: AuditLine) in line.reason == "xfcc_untrusted" }
        let before = try sidecar.gateway.records().count(where: isUntrusted)
        let answer = try await MeshClient().answer(
            MeshGateway.request("direct", headers: forgery.lines), port: sidecar.gateway.port)
        guard forgery.lines.count == 1 else {
            #expect(answer.status == 400, "\(answer)")
            return
        }
        #expect(answer.status == 401, "\(answer)")
        _ = try sidecar.gateway.records(before + 1, where: isUntrusted)
    }

    @Test("a forged header on a plain-text connection does not pass the sidecar, and without one there is no caller")
    func forgedInPlainText() async throws {
        for headers in [[], Forgery.all[0].lines] {
            let answer = try await MeshClient().answer(
                MeshGateway.request("forged-plain", headers: headers), port: sidecar.plainPort)
            #expect(answer.status == 401, "\(answer)")
        }
    }

    @Test("the sidecar itself takes no client without a certificate of the mesh's trust domain")
    func handshakes() async throws {
        for pair in [nil, certificates.foreign, certificates.all.strangeClient] {
            let client = try MeshClient(showing: pair)
            await #expect(throws: (any Error).self) {
                try await client.answer(MeshGateway.request("stranger"), port: sidecar.port(.appendForward))
            }
        }
        #expect(try sidecar.gateway.records().allSatisfy { $0.requestId != "stranger" })
    }
}
