import DevelopmentAuthority
import Documents
import Foundation
import Identity
import IdentityFixtures
import RedisFixtures
import Testing

@testable import GatewayHTTP
@testable import GatewayNode

/// Somebody is told before a certificate ends (pitfall S32).
@Suite("The age of a node's certificates")
struct CertificateAgeTests {
    private static func node(_ files: IssuedFiles, _ name: String, lifetimeSeconds: Int64) async throws -> TestNode {
        let shown = try files.issue(name, lifetimeSeconds: lifetimeSeconds)
        return try await TestNode(
            listen: """
                http: "127.0.0.1:0", tls: { certificateFile: "\(shown.certificateFile)", \
                keyFile: "\(shown.keyFile)", trustBundleFiles: ["\(files.bundle)"] }
                """)
    }

    private static func age(_ node: TestNode) async throws -> (status: String, message: String) {
        let health = try await AdminPage.get("/health", port: node.adminPort)
        let checks = health.json["checks"] as? [String: Any] ?? [:]
        let check = checks["certificate ages"] as? [String: Any]
        return (check?["status"] as? String ?? "none", check?["message"] as? String ?? "")
    }

    @Test("health is degraded from a fifth of its time to its end, and beyond; a new one mends it")
    func health() async throws {
        let files = try IssuedFiles()
        // Certificates begin a minute before they are made: 5 of 65 seconds are less than a fifth.
        let node = try await Self.node(files, "mesh/gateway", lifetimeSeconds: 5)
        #expect(try await Self.age(node).status == "degraded")
        #expect(try await Self.age(node).message.contains("gateway.pem"))
        for words in ["a fifth", "a twentieth", "has expired"] {
            try await eventually { try await Self.age(node).message.contains(words) }
        }
        #expect(try await Self.age(node).status == "degraded")
        _ = try files.issue("mesh/gateway", lifetimeSeconds: 3_600)
        try await eventually { try await Self.age(node).status == "healthy" }
        await node.stop()
    }

    @Test("each step of a file is told once")
    func steps() {
        let ages = CertificateAges()
        let expiry = TLSMaterial.Expiry(file: "a", notBeforeUnixSeconds: 0, notAfterUnixSeconds: 100)
        let other = TLSMaterial.Expiry(file: "b", notBeforeUnixSeconds: 0, notAfterUnixSeconds: 1_000)
        var told: [String] = []
        for second in 1...110 {
            told += ages.steps([expiry, other], nowSeconds: Int64(second)).map { "\($0.file) \($0.age) \(second)" }
        }
        #expect(told == ["a half 50", "a low 80", "a critical 95", "a expired 100"])
        let renewed = TLSMaterial.Expiry(file: "a", notBeforeUnixSeconds: 100, notAfterUnixSeconds: 200)
        #expect(ages.steps([renewed, other], nowSeconds: 110).map(\.age) == [.fresh])
        #expect(ages.steps([renewed, other], nowSeconds: 110).isEmpty)
        #expect(CertificateAges.alarm([renewed, other], nowSeconds: 185)?.hasPrefix("'a' holds") == true)
        #expect(CertificateAges.alarm([renewed, other], nowSeconds: 150) == nil)
    }

    @Test("a certificate of ours that names no service is told where peers show theirs, and is used all the same")
    func unnamed() async throws {
        let certificates = try TLSNodeTests.certificates.get()
        for (bundles, isTold) in [
            (#", trustBundleFiles: ["\#(certificates.authority.certificateFile)"]"#, true), ("", false),
        ] {
            let folder = FileManager.default.temporaryDirectory.appending(path: "intentusnet-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "gateway.yaml")
            try TestNode.allowUsers.write(
                to: folder.appending(path: "policy.yaml"), atomically: true, encoding: .utf8)
            try """
            listen: { tls: { certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)"\(bundles) } }
            authentication: { anonymous: allow }
            policy: { files: [policy.yaml] }
            """.write(to: file, atomically: true, encoding: .utf8)
            let findings = await GatewayNode.check(configurationFile: file.path, environment: [:])
            #expect(!findings.contains { $0.severity == .error }, "\(findings)")
            let told = findings.contains { "\($0)".contains("listen.tls.certificateFile names no service") }
            #expect(told == isTold, "\(findings)")
        }
    }
}
