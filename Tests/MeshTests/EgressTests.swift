import RedisFixtures
import Testing

/// The gateway's own TLS listener, called by a real Envoy.
@Suite("A real Envoy as client")
struct EgressTests {
    private static let reports = "cluster.local/ns/default/sa/reports"

    private let certificates: MeshCertificates
    private let egress: Egress

    init() throws {
        certificates = try MeshCertificates.shared.get()
        egress = try Egress.shared.get()
    }

    @Test("HTTP/2 over mutual TLS: the intent is answered, and the audit log has the service by its certificate")
    func answered() async throws {
        let answer = try await MeshClient().answer(MeshGateway.request("h2"), port: egress.port(.apiGateway))
        #expect(answer.status == 200 && answer.description.contains(#""status":"success""#), "\(answer)")
        let record = try #require(try egress.gateway.records(1) { $0.requestId == "h2" }.first)
        #expect(record.principal == "cluster.local/ns/default/sa/api-gateway")
        #expect(record.identitySource == "mtls")
        #expect(try egress.envoy.stat("cluster.apiGateway.upstream_cx_http2_total") > 0)
    }

    @Test("the guide's policy refuses another service by its certificate")
    func refused() async throws {
        let answer = try await MeshClient().answer(MeshGateway.request("other"), port: egress.port(.reports))
        #expect(answer.status == 403, "\(answer)")
        let record = try #require(
            try egress.gateway.records(1) { $0.event == "authz_deny" && $0.identitySource == "mtls" }.first)
        #expect(record.principal == Self.reports)
    }

    @Test("many requests at once share a connection, small ones and ones that fill its window, and none is lost")
    func manyAtOnce() async throws {
        let port = egress.port(.apiGateway)
        let (callers, each) = (40, 10)
        let failures = await withTaskGroup(of: [String].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var failures: [String] = []
                    for turn in 0..<each {
                        let id = "many-\(caller)-\(turn)"
                        let bytes = turn == 0 ? 150_000 : 10
                        do {
                            let answer = try await MeshClient().answer(
                                MeshGateway.request(id, payloadBytes: bytes), port: port)
                            if answer.status != 200 { failures.append("\(id): \(answer)") }
                        } catch { failures.append("\(id): \(error)") }
                    }
                    return failures
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(failures == [])
        let records = try egress.gateway.records(callers * each) { $0.requestId?.hasPrefix("many-") == true }
        #expect(Set(records.compactMap(\.requestId)).count == callers * each)
        #expect(records.allSatisfy { $0.identitySource == "mtls" && $0.status == 200 })
        // The requests of this suite, hundreds of them, took a handful of connections, all of HTTP/2.
        #expect(try egress.envoy.stat("cluster.apiGateway.upstream_rq_total") >= callers * each)
        #expect(try egress.envoy.stat("cluster.apiGateway.upstream_cx_total") <= 4)
        #expect(try egress.envoy.stat("cluster.apiGateway.upstream_cx_http1_total") == 0)
    }

    @Test(
        "a certificate of a foreign trust domain or authority, or none, does not get through the handshake",
        arguments: [
            (Egress.Caller.foreign, "untrusted_certificate"), (.stranger, "untrusted_certificate"),
            (.nobody, "no_certificate"),
        ])
    func strangers(_ caller: Egress.Caller, _ reason: String) async throws {
        let series = "intentusnet_tls_failures_total{reason=\"\(reason)\"}"
        let before = try egress.gateway.metric(series)
        let id = "stranger-\(caller)"
        let answer = try await MeshClient().answer(MeshGateway.request(id), port: egress.port(caller))
        #expect(answer.status == 503, "\(answer)")
        let failures = try egress.gateway.metrics("intentusnet_tls_failures")
        #expect(try egress.gateway.metric(series) > before, "\(failures)")
        #expect(try egress.gateway.records().allSatisfy { $0.requestId != id })
    }

    @Test("an ingress that is trusted by its certificate speaks for its callers, one that is not does not")
    func ingress() async throws {
        let caller = try MeshClient(showing: certificates.apiGateway)
        let spoken = try await caller.answer(MeshGateway.request("spoken-for"), port: egress.port(.ingress))
        #expect(spoken.status == 200, "\(spoken)")
        let record = try #require(try egress.gateway.records(1) { $0.requestId == "spoken-for" }.first)
        #expect(record.principal == "cluster.local/ns/default/sa/api-gateway")
        #expect(record.identitySource == "xfcc")
        let other = try await MeshClient(showing: certificates.reports)
            .answer(MeshGateway.request("other-spoken-for"), port: egress.port(.ingress))
        #expect(other.status == 403, "\(other)")
        let pretended = try await caller.answer(MeshGateway.request("pretended"), port: egress.port(.pretender))
        #expect(pretended.status == 401, "\(pretended)")
        _ = try egress.gateway.records(1) { $0.reason == "xfcc_untrusted" }
    }
}
