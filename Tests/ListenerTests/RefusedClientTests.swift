import Foundation
import RedisFixtures
import Testing

/// Clients that must not get in by mutual TLS, each tried with Python and with curl.
@Suite("Clients at a listener with mutual TLS", .serialized, .timeLimit(.minutes(2)))
struct RefusedClientTests {
    /// What a client shows or asks for, and how the listener counts its end.
    struct Attempt: Sendable, CustomTestStringConvertible {
        let certificate: String
        let reason: String
        /// What the verification of the chain says; nil where it is not asked.
        var finding: String?
        var python: [String] = []
        var curl: [String] = []

        var testDescription: String { "\(certificate) \(curl.joined(separator: " "))" }
    }

    static let refused: [Attempt] =
        [Attempt(certificate: "none", reason: "no_certificate")]
        + [
            ("expired", "expired"), ("not-yet", "not_yet_valid"), ("other-authority", "untrusted"),
            ("self-signed", "untrusted"), ("other-trust-domain", "unknown_trust_domain"), ("two-ids", "several_uris"),
            ("no-id", "without_service"), ("https-id", "bad_id"), ("authority-as-leaf", "authority"),
            ("servers-only", "untrusted"),
        ].map { Attempt(certificate: $0, reason: "untrusted_certificate", finding: "certificate_\($1)") }
        + [
            Attempt(
                certificate: "good", reason: "version", python: ["version=TLSv1_1"],
                curl: ["--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"]),
            Attempt(
                certificate: "good", reason: "cipher", python: ["version=TLSv1_2", "ciphers=AES256-SHA:@SECLEVEL=0"],
                curl: ["--tls-max", "1.2", "--ciphers", "AES256-SHA:@SECLEVEL=0"]),
            Attempt(
                certificate: "good", reason: "cipher",
                python: ["version=TLSv1_2", "ciphers=ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"],
                curl: ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"]),
        ]

    private static let shared = Result {
        let folder = try PrivateFolder()
        try PythonTLS.makeCertificates(in: folder)
        let server = TestCertificates.Pair(
            certificateFile: folder.file("server.pem"), keyFile: folder.file("server.key"))
        return (folder, try TLSGateway(showing: server, trusting: [folder.file("ca.pem")]))
    }

    private func curl(_ attempt: Attempt, _ options: [String] = []) throws -> String {
        let (folder, gateway) = try Self.shared.get()
        var words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", "--max-time", "10"]
        words += ["--cacert", folder.file("ca.pem")] + attempt.curl + options
        if attempt.certificate != "none" {
            words += ["--cert", folder.file("\(attempt.certificate).pem")]
            words += ["--key", folder.file("\(attempt.certificate).key")]
        }
        words.append("https://127.0.0.1:\(gateway.port)/nothing")
        // Curl ends with an error where there is no answer, and says 000.
        return try SpawnedProcess.run(["sh", "-c", #""$@" || true"#, "sh"] + words, in: folder)
    }

    @Test("one whose certificate names a service of ours gets in, by HTTP/1.1 and by HTTP/2, by TLS 1.2 and 1.3")
    func good() throws {
        let (folder, gateway) = try Self.shared.get()
        let good = Attempt(certificate: "good", reason: "")
        for version in ["TLSv1_2", "TLSv1_3"] {
            let status = try PythonTLS.status(
                port: gateway.port, folder: folder, showing: "good", options: ["version=\(version)"])
            #expect(status == "404", "\(version)")
        }
        #expect(try curl(good, ["--http1.1"]) == "404 1.1")
        #expect(try curl(good, ["--http2"]) == "404 2")
        #expect(try curl(good, ["--tls-max", "1.2"]) == "404 2")
    }

    @Test("everybody else is refused in the handshake, and counted by the reason", arguments: refused)
    func isRefused(attempt: Attempt) throws {
        let (folder, gateway) = try Self.shared.get()
        let before = try gateway.handshakeFailures(attempt.reason)
        let foundBefore = try attempt.finding.map(gateway.refusedCertificates)
        let status = try PythonTLS.status(
            port: gateway.port, folder: folder, showing: attempt.certificate, options: attempt.python)
        #expect(status.hasPrefix("refused") || status == "closed without an answer", "\(status)")
        #expect(try curl(attempt).hasPrefix("000"))
        #expect(try gateway.handshakeFailures(attempt.reason) == before + 2)
        if let finding = attempt.finding, let foundBefore {
            #expect(try gateway.refusedCertificates(finding) == foundBefore + 2)
            #expect(gateway.log.contains("reason=\"\(finding)\""), "the operator can see why")
        }
    }

    @Test("a connection that outlives its certificate is answered until the certificate ends, and no longer")
    func outliving() throws {
        let (folder, gateway) = try Self.shared.get()
        let statuses = try PythonTLS.statuses(
            port: gateway.port, folder: folder, request: gateway.request.keeping, livingSeconds: 3)
        #expect(statuses == ["200", "401"], "\(gateway.log)")
    }

    @Test("with an authority between that ends before the leaf, kept connections and resumed sessions end with it")
    func outlivingChain() throws {
        let (folder, gateway) = try Self.shared.get()
        let outcomes = try PythonTLS.chainOutcomes(
            port: gateway.port, folder: folder, request: gateway.request.keeping, livingSeconds: 4)
        let before = ["200", "200 True"]
        #expect(outcomes == before + before + ["401", "refused", "401", "refused"], "\(gateway.log)")
        #expect(try gateway.handshakeFailures("expired_certificate") == 2)
    }
}
