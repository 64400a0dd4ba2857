import Foundation
import Testing

/// `intentusnet check --production` as a process: what it says of files on the disk, and its exit codes.
@Suite("The command check --production")
struct ProductionCommandTests {
    private static let fit = CommandTests.configuration + "\naudit: { keyFile: audit.key }"

    /// A folder with the configuration, what it names, and files that their owner alone may touch.
    private static func folder(_ configuration: String = fit, policy: String = CommandTests.policy) async throws
        -> TestFolder
    {
        let folder = try await CommandTests.folder(configuration: configuration, policy: policy)
        try folder.write(String(repeating: "k", count: 64), to: "audit.key")
        for name in ["gateway.yaml", "policy.yaml", "jwks.json", "audit.key"] { try permit(0o600, folder.path(name)) }
        return folder
    }

    private static func permit(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: NSNumber(value: mode)], ofItemAtPath: path)
    }

    private static func check(_ folder: TestFolder, _ words: String...) async throws -> (code: Int32, text: String) {
        try await ChildProcess.run(
            ChildProcess.intentusnet, ["check", "--config", folder.path("gateway.yaml"), "--production"] + words)
    }

    /// The line that a check is told in, without the run of spaces behind the outcome.
    private static func lines(_ text: String, _ outcome: String, _ id: String) -> [Substring] {
        text.split(separator: "\n").filter { line in
            let words = line.split(separator: " ", maxSplits: 2)
            return words.count == 3 && words[0] == outcome && words[1] == id
        }
    }

    @Test("a configuration without a failure exits with 0, and tells each check with its id")
    func good() async throws {
        let folder = try await Self.folder()
        defer { folder.remove() }
        let (code, text) = try await Self.check(folder)
        #expect(code == 0, "\(text)")
        #expect(text.contains(" warnings, 0 failures"), "\(text)")
        #expect(text.contains("0 errors"), "\(text)")
        for id in ["tls.versions", "authentication.anonymous", "policy.limits", "audit.key", "secrets.files"] {
            #expect(Self.lines(text, "ok", id).count == 1, "\(id) is not ok in: \(text)")
        }
        for id in ["tls.listener", "redis.access", "emcl.demand"] {
            #expect(Self.lines(text, "warning", id).count == 1, "\(id) does not warn in: \(text)")
        }
        // Without the flag nobody holds the configuration against the checklist.
        let plain = try await CommandTests.run("check", "--config", folder.path("gateway.yaml"))
        #expect(plain.code == 0 && !plain.text.contains("production:"), "\(plain.text)")
    }

    @Test("a failure exits with 1, with the place and the remedy; a check without the flag passes the same files")
    func bad() async throws {
        let text = Self.fit.replacing("127.0.0.1:8080", with: "0.0.0.0:8080")
            .replacing("  tokenCacheEntries: 10000", with: "  anonymous: allow")
        let policy = CommandTests.policy + "\n  - { id: open, action: ALLOW, roles: [other] }"
        let folder = try await Self.folder(text, policy: policy)
        defer { folder.remove() }
        try Self.permit(0o644, folder.path("audit.key"))
        try Self.permit(0o666, folder.path("policy.yaml"))
        let (code, output) = try await Self.check(folder)
        #expect(code == 1, "\(output)")
        #expect(output.contains("0 errors"), "only failures of the checklist: \(output)")
        for (id, told) in [
            ("tls.listener", "0.0.0.0:8080"), ("authentication.anonymous", "set deny"),
            ("policy.limits", "policy.yaml:12:"), ("secrets.files", "mode 0644"), ("files.writable", "mode 0666"),
        ] {
            let lines = Self.lines(output, "failure", id)
            #expect(lines.contains { $0.contains(told) }, "\(id) \(told) is missing in: \(output)")
        }
        #expect(output.contains(" 5 failures"), "\(output)")
        let plain = try await CommandTests.run("check", "--config", folder.path("gateway.yaml"))
        #expect(plain.code == 0, "\(plain.text)")
    }

    @Test("a certificate of dev-ca fails")
    func developmentCertificate() async throws {
        let folder = try await Self.folder(
            Self.fit.replacing(
                #"listen: { http: "127.0.0.1:8080" }"#,
                with: """
                    listen:
                      http: "127.0.0.1:8080"
                      tls: { certificateFile: ca/mesh/gateway.pem, keyFile: ca/mesh/gateway.key }
                    """))
        defer { folder.remove() }
        let made = try await CommandTests.run("dev-ca", "--folder", folder.path("ca"), "mesh/gateway=127.0.0.1")
        #expect(made.code == 0, "\(made.text)")
        let (code, text) = try await Self.check(folder)
        #expect(code == 1, "\(text)")
        let lines = Self.lines(text, "failure", "tls.certificates")
        #expect(lines.contains { $0.contains("development authority") }, "\(text)")
        #expect(Self.lines(text, "ok", "tls.listener").count == 1, "\(text)")
    }

    @Test("--json tells the same as one object, with the same exit codes")
    func json() async throws {
        let folder = try await Self.folder()
        defer { folder.remove() }
        let good = try await Self.check(folder, "--json")
        #expect(good.code == 0, "\(good.text)")
        let passed = try Report(good.text)
        #expect(passed.isGood && passed.failures == 0 && passed.checks.count >= 25, "\(good.text)")
        try Self.permit(0o644, folder.path("audit.key"))
        let bad = try await Self.check(folder, "--json")
        #expect(bad.code == 1, "\(bad.text)")
        let failed = try Report(bad.text)
        #expect(!failed.isGood && failed.failures == 1, "\(bad.text)")
        let check = try #require(failed.checks.first { $0["outcome"] as? String == "failure" })
        #expect(check["id"] as? String == "secrets.files")
        #expect((check["place"] as? String)?.contains("audit.key") == true, "\(check)")
        #expect((check["remedy"] as? String)?.contains("chmod 640") == true, "\(check)")
    }

    @Test("a configuration that cannot be read exits with 1, and its error is told once")
    func unreadable() async throws {
        let folder = try await Self.folder(Self.fit.replacing("eventLoops: 1", with: "eventLops: 1"))
        defer { folder.remove() }
        let (code, text) = try await Self.check(folder)
        #expect(code == 1, "\(text)")
        #expect(text.split(separator: "\n").count { $0.contains("did you mean 'eventLoops'") } == 1, "\(text)")
        #expect(text.contains("1 errors"), "\(text)")
    }

    /// What `--json` prints.
    private struct Report {
        let isGood: Bool
        let failures: Int
        let checks: [[String: Any]]

        init(_ text: String) throws {
            let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let production = try #require(object["production"] as? [String: Any])
            isGood = try #require(object["isGood"] as? Bool)
            failures = try #require(production["failures"] as? Int)
            checks = try #require(production["checks"] as? [[String: Any]])
        }
    }
}
