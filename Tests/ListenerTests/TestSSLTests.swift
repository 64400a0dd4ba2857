import Foundation
import RedisFixtures
import Testing

/// What testssl.sh, which asks as attackers do, finds at the listener.
@Suite("testssl.sh at the listener", .serialized, .timeLimit(.minutes(10)))
struct TestSSLTests {
    /// One line of its report.
    private struct Finding: Decodable {
        let id: String
        let severity: String
        let finding: String
    }

    /// Names another file for the report than one that is gone after the test.
    private static let reportVariable = "INTENTUSNET_TEST_TLS_REPORT"
    private static let severe: Set = ["MEDIUM", "HIGH", "CRITICAL", "FATAL"]

    @Test("a grade is the weighed mean of the scores, and no better than its worst cap")
    func grades() {
        var facts = TLSGrade.Facts()
        (facts.protocols, facts.cipherBits, facts.exchangeSecurityBits) = (["TLS1_2", "TLS1_3"], [128, 256], 128)
        #expect(TLSGrade(facts).letter == "A" && TLSGrade(facts).score == 93)
        facts.protocols.insert("SSLv3")
        #expect(TLSGrade(facts).protocolScore == 90)
        facts.caps = [("B", "an old version"), ("T", "an unknown authority")]
        #expect(TLSGrade(facts).letter == "T")
        facts = TLSGrade.Facts()
        (facts.protocols, facts.cipherBits, facts.exchangeSecurityBits) = (["TLS1_2"], [0, 256], 57)
        #expect(TLSGrade(facts).letter == "C", "30 + 12 + 20")
        #expect(TLSGrade(.init([:])).letter == "T", "a report that says nothing")
    }

    @Test("nothing is worse than LOW: protocols, cipher suites, curves, certificate, headers, known attacks")
    func findings() throws {
        let certificates = try TestCertificates()
        // As an authority in use would sign it: for a quarter of a year, and it says where revocation is told.
        let shown = try certificates.leaf(
            "listener", alternativeNames: "IP:127.0.0.1,DNS:localhost", days: 90,
            more: ["crlDistributionPoints = URI:http://127.0.0.1/authority.crl"])
        let gateway = try TLSGateway(showing: shown)
        defer { gateway.stop() }
        let folder = try PrivateFolder()
        let report =
            ProcessInfo.processInfo.environment[Self.reportVariable] ?? folder.file("testssl.json")
        try? FileManager.default.removeItem(atPath: report)
        // Names are not looked up; the short form leaves out what only repeats one suite after the other with each protocol.
        let parts = Scale.of(["-p", "-s", "-f", "-P", "-S", "-h", "-U"], soak: [])
        let output = try SpawnedProcess.run(
            [
                "testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--add-ca",
                certificates.authority.certificateFile, "--jsonfile", report,
            ] + parts + ["127.0.0.1:\(gateway.port)"], in: folder, withinMilliseconds: 540_000)
        let findings = try JSONDecoder().decode([Finding].self, from: Data(contentsOf: URL(filePath: report)))
        let counts = Dictionary(grouping: findings, by: \.severity).mapValues(\.count).sorted { $0.key < $1.key }
        print(
            "testssl.sh: \(findings.count) findings, \(counts.map { "\($0.value) \($0.key)" }.joined(separator: ", "))")
        for finding in findings where finding.severity == "LOW" { print("  LOW \(finding.id): \(finding.finding)") }
        let worst = findings.filter { Self.severe.contains($0.severity) }
        #expect(worst.isEmpty, "\(worst.map { "\($0.severity) \($0.id): \($0.finding)" })\n\(output)")
        // The version in use prints no grade of its own.
        let grade = TLSGrade(
            .init(Dictionary(findings.map { ($0.id, (text: $0.finding, severity: $0.severity)) }) { first, _ in first })
        )
        print(
            "grade \(grade.letter): \(grade.score) of 100 (protocols \(grade.protocolScore), key exchange "
                + "\(grade.exchangeScore), ciphers \(grade.cipherScore))")
        #expect(grade.letter == "A", "\(grade.score), \(grade.caps)")
        // It did look, and saw what the listener is to offer and to refuse.
        func offered(_ protocolName: String) -> String? { findings.first { $0.id == protocolName }?.finding }
        for old in ["SSLv2", "SSLv3", "TLS1", "TLS1_1"] {
            #expect(offered(old) == "not offered", "\(old): \(offered(old) ?? "not looked at")")
        }
        for current in ["TLS1_2", "TLS1_3"] { #expect(offered(current)?.hasPrefix("offered") == true, "\(current)") }
        #expect(findings.contains { $0.id == "heartbleed" && $0.severity == "OK" })
        #expect(findings.contains { $0.id == "HSTS_time" && $0.severity == "OK" })
        #expect(findings.contains { $0.id == "cipher_order" && $0.severity == "OK" })
    }
}
