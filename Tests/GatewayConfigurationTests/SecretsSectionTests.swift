import Documents
import IntentProtocol
import Testing

@testable import GatewayConfiguration

@Suite("secrets in the configuration")
struct SecretsSectionTests {
    private static func read(_ text: String, _ environment: [String: String] = [:]) -> GatewayConfiguration.Reading {
        let base = """
            authentication: { issuers: [{ issuer: a, audiences: [x], jwks: { url: "https://a/" } }] }
            policy: { files: [one.yaml] }

            """
        return GatewayConfiguration.read(base + text, file: "/c/g.yaml", environment: environment)
    }

    @Test("a reference stands wherever a secret or its file stands, and is told with its place")
    func references() throws {
        let text = """
            store:
              redis:
                url: rediss://h
                password: secret://vault/secret/redis#password
                sentinelPasswordFile: secret://env/SENTINEL
                sealFile: secret://file/seal.json#seal
                tls: { certificateFile: c.pem, keyFile: "secret://aws-secrets-manager/redis-key" }
            mesh:
              nodes:
                - { id: e, service: "spiffe://cluster.local/ns/a/sa/b", secretFile: "secret://env/A",
                    formerSecretFile: old.secret }
            listen: { tls: { certificateFile: c.pem, keyFile: "secret://vault/pki/gateway#key" } }
            """
        let reading = Self.read(text)
        let configuration = try #require(reading.configuration, "\(reading.errors)")
        #expect(!reading.warnings.contains { "\($0)".contains("plain text") }, "\(reading.warnings)")
        #expect(
            Set(reading.secrets.map { "\($0.location?.line ?? 0) \($0.key) \($0.reference)" }) == [
                "6 store.redis.password secret://vault/secret/redis#password",
                "7 store.redis.sentinelPasswordFile secret://env/SENTINEL",
                "8 store.redis.sealFile secret://file/seal.json#seal",
                "9 store.redis.tls.keyFile secret://aws-secrets-manager/redis-key",
                "12 mesh.nodes[0].secretFile secret://env/A",
                "14 listen.tls.keyFile secret://vault/pki/gateway#key",
            ])
        let redis = try #require(configuration.store.redis)
        #expect(redis.password?.reference == .some(try SecretReference("secret://vault/secret/redis#password")))
        #expect(configuration.mesh.nodes[0].formerSecretFile == .path("/c/old.secret"))
        #expect(reading.files.contains { $0.path == "/c/old.secret" && $0.key == "mesh.nodes[0].formerSecretFile" })
        #expect(!reading.files.contains { $0.path.contains("secret:") })
    }

    @Test("a variable may hold the secret, or a reference to it")
    func variables() throws {
        for store in ["{ redis: { url: redis://h } }", "redis://h"] {
            for (text, setting) in [
                ("hunter2", SecretSetting.inline(Secret("hunter2"))),
                ("secret://env/REDIS", .reference(try SecretReference("secret://env/REDIS"))),
            ] {
                let reading = Self.read("store: \(store)", ["INTENTUSNET_STORE_REDIS_PASSWORD": text])
                #expect(reading.configuration?.store.redis?.password == setting)
                #expect(
                    reading.secrets.map(\.variable) == (text == "hunter2" ? [] : ["INTENTUSNET_STORE_REDIS_PASSWORD"]))
                #expect(!reading.warnings.contains { "\($0)".contains("plain text") })
            }
        }
    }

    @Test("what the file names below a key that a variable replaces is not fetched")
    func replaced() {
        let store = "store: { redis: { url: redis://h, password: \"secret://env/OLD\" } }"
        let reading = Self.read(store, ["INTENTUSNET_STORE": "redis://other"])
        #expect(reading.configuration != nil && reading.secrets.isEmpty)
    }

    @Test(
        "what is no reference is refused with the remedy",
        arguments: [
            (
                "store: { redis: { url: redis://h, password: secret://valt/a/b#c } }",
                "there is no such source; known: env, file"
            ),
            ("store: { redis: { url: redis://h, password: secret://valt/a/b#c } }", "did you mean 'vault'?"),
            (
                "store: { redis: { url: redis://h, passwordFile: \"secret://vault/a/b?verson=1#c\" } }",
                "did you mean 'version'?"
            ),
            ("store: { redis: { url: redis://h, passwordFile: \"secret:/env/A\" } }", "begins with secret://"),
            ("listen: { tls: { certificateFile: c, keyFile: \"secret://env\" } }", "the name of a variable"),
            ("secrets: { vault: { adress: \"https://v\" } }", "unknown key 'adress'; did you mean 'address'?"),
            ("secrets: { vault: { address: vault:8200 } }", "secrets.vault.address must be"),
            (
                "secrets: { vault: { tokenFile: t, kubernetes: { role: r } } }",
                "at most one of tokenFile, appRole and kubernetes"
            ),
            ("secrets: { vault: { appRole: { roleId: r } } }", "secrets.vault.appRole.secretIdFile is required"),
            ("secrets: { vault: { appRole: { secretIdFile: s } } }", "secrets.vault.appRole.roleId is required"),
            ("secrets: { vault: { tokenFile: \"secret://vault/a/b#c\" } }", "opens a source of secrets"),
            (
                "secrets: { vault: { kubernetes: { role: r, tokenFile: \"secret://aws-kms/x\" } } }",
                "opens a source of secrets"
            ),
            ("secrets: { cacheSeconds: 4 }", "integer from 5 to 3600"),
        ])
    func refused(_ text: String, _ words: String) {
        let reading = Self.read(text)
        #expect(reading.configuration == nil)
        #expect(reading.errors.contains { "\($0)".contains(words) }, "\(reading.errors)")
    }

    @Test(
        "a value that may be a secret is in no message",
        arguments: [
            "store: { redis: { url: redis://h, password: 73313377 } }",
            "store: { redis: { url: redis://h, password: \"\(String(repeating: "73313377", count: 200))\" } }",
            "store: { redis: { url: \"redis://u:73313377@bad host\" } }", "store: \"redis://u:73313377@bad host\"",
            "store: { redis: { url: redis://h, passwordFile: 73313377 } }",
        ])
    func hidden(_ text: String) {
        let reading = Self.read(text)
        #expect(reading.configuration == nil)
        #expect(
            !reading.errors.isEmpty && !reading.errors.contains { "\($0)".contains("73313377") }, "\(reading.errors)")
    }

    @Test(
        "nor is one of a variable",
        arguments: [
            ("INTENTUSNET_STORE_REDIS_PASSWORD", String(repeating: "73313377", count: 200)),
            ("INTENTUSNET_STORE_REDIS_PASSWORD", "secret://env/A?73313377=x"),
            ("INTENTUSNET_STORE", "redis://u:73313377@bad host"),
        ])
    func hiddenVariable(_ name: String, _ value: String) {
        let reading = Self.read("store: { redis: { url: redis://h } }", [name: value])
        #expect(reading.configuration == nil && !reading.errors.isEmpty)
        #expect(
            name.hasSuffix("PASSWORD") && value.hasPrefix("secret:")
                || !reading.errors.contains { "\($0)".contains("73313377") }, "\(reading.errors)")
    }
}
