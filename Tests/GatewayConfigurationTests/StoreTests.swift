import Documents
import IntentProtocol
import Testing

@testable import GatewayConfiguration

@Suite("The store in gateway.yaml")
struct StoreTests {
    private static func read(_ store: String, _ environment: [String: String] = [:]) -> GatewayConfiguration.Reading {
        let text = """
            authentication: { issuers: [{ issuer: https://a, audiences: [x], jwks: { file: j } }] }
            policy: { files: [p] }
            agents: [{ name: a, intents: [{ name: X, version: "1" }], instances: [{ url: "http://h:1/x" }] }]
            store: \(store)
            """
        return GatewayConfiguration.read(text, file: "/c/g.yaml", environment: environment)
    }

    private static func redis(_ store: String, _ environment: [String: String] = [:]) -> GatewayConfiguration.Redis? {
        read(store, environment).configuration?.store.redis
    }

    @Test("memory is the default and can be said")
    func memory() {
        #expect(Self.read("memory").configuration?.store == GatewayConfiguration.Store())
    }

    @Test("one server, as a mapping, as a URL and as a variable")
    func standalone() throws {
        let mapping = try #require(Self.redis("{ redis: { url: \"redis://127.0.0.1:6379\" } }"))
        #expect(mapping.url?.address == HostAndPort(host: "127.0.0.1", port: 6379) && mapping.onFailure == .local)
        #expect(Self.redis("redis://127.0.0.1:6379") == mapping)
        #expect(Self.redis("memory", ["INTENTUSNET_STORE": "redis://127.0.0.1:6379"]) == mapping)
        let variables = ["INTENTUSNET_STORE": "redis://h", "INTENTUSNET_STORE_REDIS_PASSWORD": "p"]
        #expect(Self.redis("memory", variables)?.password == .inline(Secret("p")))
        let tls = try #require(Self.redis("{ redis: { url: \"rediss://u@[::1]/5\", passwordFile: secret } }"))
        #expect(tls.url?.isTLS == true && tls.url?.database == 5 && tls.url?.username == "u")
        #expect(tls.url?.address == HostAndPort(host: "::1", port: 6379) && tls.passwordFile == .path("/c/secret"))
    }

    @Test("sentinels and clusters take lists; a password may come by a variable and is never printed")
    func lists() throws {
        let sentinel = try #require(
            Self.redis(
                "{ redis: { sentinel: [\"a:1\", \"b:2\"], masterName: m } }",
                ["INTENTUSNET_STORE_REDIS_PASSWORD": "hunter2"]))
        #expect(sentinel.sentinel.count == 2 && sentinel.masterName == "m")
        #expect(sentinel.password == .inline(Secret("hunter2")))
        var text = ""
        dump(sentinel, to: &text)
        #expect(!text.contains("hunter2") && !"\(sentinel)".contains("hunter2"))
        #expect(Self.redis("{ redis: { cluster: [\"a:1\"] } }")?.cluster == [HostAndPort(host: "a", port: 1)])
    }

    @Test(
        "what cannot be meant is refused, with the place",
        arguments: [
            (
                "redis",
                "4:8: error: store must be memory, a redis:// or rediss:// URL, or a mapping with redis, found 'redis'"
            ),
            ("http://x", "4:8: error: store must be memory"),
            ("{ redis: {} }", "exactly one of url, sentinel and cluster"),
            ("{ redis: { url: \"redis://h\", cluster: [\"a:1\"] } }", "exactly one of url, sentinel and cluster"),
            ("{ redis: { url: \"redis://h/1/2\" } }", "store.redis.url must be redis://host:port"),
            ("{ redis: { cluster: [\"a:1\"], database: 1 } }", "store.redis.database must be 0"),
            ("{ redis: { url: \"redis://h\", tls: { caFile: x } } }", "needs a url that begins with rediss://"),
            ("{ redis: { url: \"rediss://h\", tls: { keyFile: x } } }", "certificateFile and keyFile, or neither"),
            ("{ redis: { url: \"redis://:p@h\", passwordFile: x } }", "either a password or passwordFile"),
            ("{ redis: { url: \"redis://h\", keyPrefix: \"a{b\" } }", "must not contain { or }"),
            ("{ reddis: {} }", "unknown key 'reddis'; did you mean 'redis'?"),
        ])
    func refusals(store: String, message: String) {
        let said = Self.read(store).diagnostics.map(\.description)
        #expect(said.contains { $0.contains(message) }, "\(said)")
        #expect(Self.read(store).configuration == nil)
    }

    @Test("a password in the file is warned of")
    func plainPassword() {
        for store in ["{ redis: { url: \"redis://:p%40@h\" } }", "{ redis: { url: \"redis://h\", password: p } }"] {
            let reading = Self.read(store)
            #expect(reading.configuration != nil && reading.warnings.contains { "\($0)".contains("in plain text") })
            #expect(!reading.diagnostics.contains { "\($0)".contains("p%40") })
        }
        #expect(Self.redis("{ redis: { url: \"redis://:p%40@h\" } }")?.url?.password?.reveal() == "p@")
    }

    @Test(
        "what is wrong and may hold a password is not shown",
        arguments: [
            ("redis://:hunter2@h/x", [:], "4:8: error: store must be memory"),
            ("memory", ["INTENTUSNET_STORE": "redis://:hunter2@h/x"], "INTENTUSNET_STORE must be memory"),
            ("memory", ["INTENTUSNET_STORE": "redis://:hunter2"], "INTENTUSNET_STORE must be memory"),
            ("{ redis: { url: \"redis://:hunter2@h/x\" } }", [:], "store.redis.url must be redis://host:port"),
            (
                "{ redis: { url: \"redis://h\" } }", ["INTENTUSNET_STORE_REDIS_URL": "redis://:hunter2@h/x"],
                "INTENTUSNET_STORE_REDIS_URL must be redis://host:port"
            ),
            (
                "{ redis: { sentinel: [\"redis://:hunter2@h:1\"] } }", [:],
                "store.redis.sentinel[0] must be host:port, with an IPv6 host in brackets, found something else"
            ),
            (
                "{ redis: { sentinel: [\"a:1\"] } }",
                ["INTENTUSNET_STORE_REDIS_SENTINEL": "redis://:hunter2@h:1"], "INTENTUSNET_STORE_REDIS_SENTINEL must"
            ),
        ] as [(String, [String: String], String)])
    func concealed(store: String, environment: [String: String], message: String) {
        let said = Self.read(store, environment).diagnostics.map(\.description)
        #expect(said.contains { $0.contains(message) && $0.contains("found something else") }, "\(said)")
        #expect(!said.contains { $0.contains("hunter2") }, "\(said)")
    }

    @Test("a password that is a number for YAML is asked for in quotes, and not shown")
    func numericPassword() {
        let said = Self.read("{ redis: { url: \"redis://h\", password: 12345678 } }").diagnostics.map(\.description)
        #expect(said.contains { $0.hasSuffix("found something else; put it in quotes") }, "\(said)")
        #expect(!said.contains { $0.contains("12345678") }, "\(said)")
        let long = String(repeating: "hunter2", count: 200)
        let variable = Self.read(
            "{ redis: { url: \"redis://h\" } }", ["INTENTUSNET_STORE_REDIS_PASSWORD": long])
        #expect(variable.diagnostics.contains { "\($0)".hasSuffix("found something else") })
        #expect(!variable.diagnostics.contains { "\($0)".contains("hunter2") })
    }

    @Test("key sets are taken from Redis where a seal tells them from forged ones, or where that is asked for")
    func keySets() throws {
        let url = "url: \"redis://h\""
        let plain = try #require(Self.redis("{ redis: { \(url) } }"))
        #expect(!plain.trustsKeySets && Self.redis("redis://h")?.trustsKeySets == false)
        let sealed = try #require(Self.redis("{ redis: { \(url), sealFile: seal } }"))
        #expect(sealed.trustsKeySets && sealed.sealFile == .path("/c/seal"))
        let wary = try #require(Self.redis("{ redis: { \(url), sealFile: seal, trustKeySets: false } }"))
        #expect(!wary.trustsKeySets)
        let reading = Self.read("{ redis: { \(url), trustKeySets: true } }")
        #expect(reading.configuration?.store.redis?.trustsKeySets == true)
        #expect(
            reading.warnings.contains { "\($0)".contains("store.redis.trustKeySets is true without sealFile") },
            "\(reading.warnings)")
        #expect(Self.read("{ redis: { \(url), sealFile: seal, trustKeySets: true } }").warnings.isEmpty)
    }
}
