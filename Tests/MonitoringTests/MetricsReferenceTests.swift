import DevelopmentAuthority
import Encryption
import Foundation
import LoadClient
import RedisFixtures
import Testing

/// What gateways tell, and what the page says that they do.
@Suite("Metrics reference", .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct MetricsReferenceTests {
    /// Labels of families that have no samples in the test, because nothing of their kind happens in it.
    private static let unseen = [
        "intentusnet_certificates_refused_total": ["peer", "reason"],
        "intentusnet_tls_handshakes_total": ["version", "protocol"],
        "intentusnet_policy_shadow_total": ["rule"],
        "intentusnet_emcl_failures_total": ["reason"],
        "intentusnet_jwks_issuer_requests_total": ["issuer"],
        "intentusnet_jwks_requests_alone_total": ["issuer"],
        "intentusnet_jwks_copies_taken_total": ["issuer"],
        "intentusnet_jwks_copies_rejected_total": ["issuer"],
        "intentusnet_jwks_store_failures_total": ["issuer"],
    ]

    @Test("the page has every family of a gateway with everything on, and no other; promtool reads both formats")
    func reference() async throws {
        let seen = try await offPool { try Self.scrapeAll() }
        let rows = seen.map { name, family in
            MetricsPage.Row(
                name: name, kind: family.kind,
                labels: family.labels ?? Self.unseen[name] ?? [], unit: MetricsPage.unit(of: name),
                meaning: family.help.replacing("|", with: "\\|"))
        }.sorted()
        let table = rows.map(\.text).joined(separator: "\n")
        let isCurrent = try String(contentsOf: MetricsPage.path, encoding: .utf8).contains(table)
        if !isCurrent, let path = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_WRITE_REFERENCE"] {
            try table.write(toFile: path + ".metrics", atomically: true, encoding: .utf8)
        }
        #expect(
            isCurrent,
            "set INTENTUSNET_TEST_WRITE_REFERENCE=FILE to have the current table written to FILE.metrics, and paste it")
        #expect(try MetricsPage().rows.map(\.name) == rows.map(\.name))
    }

    private struct Family {
        var kind: String
        var help: String
        /// nil while no sample was seen.
        var labels: [String]?
    }

    /// One gateway with everything on, and one that keeps its limits for itself.
    private static func scrapeAll() throws -> [String: Family] {
        let redis = try RedisServer.started()
        let worker = try BehavingWorker.started()
        let authority = try ShortLivedCertificates()
        let (full, alone) = (try MonitoredGateway(), try MonitoredGateway())
        defer {
            full.kill9()
            alone.kill9()
            try? worker.stop()
        }
        let certificate = try authority.issue(remainingSeconds: 3_600)
        _ = try full.folder.write("ring.json", try RingFile.text(endsInSeconds: 7_200))
        try full.configure(
            workerPort: worker.port,
            listen:
                ", tls: { certificateFile: \"\(certificate.certificateFile)\", keyFile: \"\(certificate.keyFile)\" }",
            extra: """
                store: { redis: { url: "redis://127.0.0.1:\(redis.port)", budgetMilliseconds: 50 } }
                emcl: { keyRingFile: ring.json, clients: accepted }
                audit: { output: file, file: audit.jsonl }
                traces: { endpoint: "http://127.0.0.1:9/v1/traces" }
                """)
        try alone.configure(workerPort: worker.port, extra: "audit: { output: none }")
        try full.start()
        try alone.start()
        for token in [try MonitoredGateway.token(), nil] {
            _ = try PlainHTTP.exchange(
                MonitoredGateway.request(token: token, more: ["connection: close"]), port: alone.port)
        }
        var families: [String: Family] = [:]
        for gateway in [full, alone] {
            let folder = gateway.folder
            let plain = try scrape(gateway, accepting: nil)
            _ = try promtool(plain, in: folder)
            for (name, family) in try parse(plain) {
                guard let known = families[name] else {
                    families[name] = family
                    continue
                }
                families[name]?.labels = known.labels ?? family.labels
                guard known.kind == family.kind, known.help == family.help else {
                    throw FixtureError("two gateways tell \(name) apart: \(known) \(family)")
                }
            }
            let open = try scrape(gateway, accepting: "application/openmetrics-text;version=1.0.0")
            try ScriptedPython.readsOpenMetrics(open, in: folder)
        }
        return families
    }

    private static func scrape(_ gateway: MonitoredGateway, accepting accept: String?) throws -> String {
        let line = accept.map { "accept: \($0)\r\n" } ?? ""
        let request = "GET /metrics HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\(line)\r\n"
        let answer = try PlainHTTP.exchange(Array(request.utf8), port: gateway.adminPort)
        let type = accept == nil ? "text/plain; version=0.0.4" : "application/openmetrics-text; version=1.0.0"
        guard answer.lowercased().contains("content-type: \(type); charset=utf-8\r\n") else {
            throw FixtureError(answer)
        }
        return String(decoding: try HTTPText.body(of: answer), as: UTF8.self)
    }

    /// `promtool check metrics` fails on what Prometheus cannot read, and on names that break its rules.
    private static func promtool(_ text: String, in folder: PrivateFolder) throws -> String {
        let file = try folder.write("metrics-\(UUID().uuidString).txt", text)
        return try SpawnedProcess.run(["sh", "-c", "promtool check metrics < '\(file)'"], in: folder)
    }

    private static func parse(_ text: String) throws -> [String: Family] {
        var families: [String: Family] = [:]
        var current = ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                current = words[2]
                families[current] = Family(kind: "", help: words[3], labels: nil)
            } else if line.hasPrefix("# TYPE ") {
                families[current]?.kind = words[3]
            } else {
                let labels = line.split(separator: "{", maxSplits: 1).dropFirst().first.map { rest in
                    rest.matches(of: #/([a-z_]+)="/#).map { String($0.output.1) }.filter { $0 != "le" }
                }
                if families[current]?.labels == nil { families[current]?.labels = labels ?? [] }
            }
        }
        return families
    }
}
