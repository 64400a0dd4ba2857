import Foundation
import Testing

/// The commands that read files and print: their words and their exit codes.
@Suite("The command")
struct CommandTests {
    static let configuration = """
        listen: { http: "127.0.0.1:8080" }
        admin: { http: "127.0.0.1:9090" }
        eventLoops: 1
        store: memory
        authentication:
          tokenCacheEntries: 10000
          issuers:
            - issuer: https://idp.example.com
              audiences: [intentusnet]
              jwks: { file: jwks.json }
        policy: { files: [policy.yaml] }
        agents:
          - name: summarizer
            intents: [{ name: SummarizeIntent, version: "1.0" }]
            instances: [{ url: "http://127.0.0.1:9001/execute-agent" }]
        """
    static let policy = """
        default: deny
        rules:
          - id: require-auth
            action: DENY
            roles: []
          - id: tenant-limit
            action: ALLOW
            roles: [user]
            rate_limit_per_minute: 60
            rate_limit_key_template: "{tenant}"
            max_timeout_ms: 5000
        """
    static let jwks = #"{"keys":[]}"#

    /// Runs the command to its end.
    static func run(_ arguments: String..., token: String? = nil) async throws -> (code: Int32, text: String) {
        try await ChildProcess.run(
            ChildProcess.intentusnet, arguments, environment: token.map { ["INTENTUSNET_TOKEN": $0] } ?? [:])
    }

    /// A folder with a key made by the command, its JWKS, and the two files above or others.
    static func folder(
        configuration: String = configuration, policy: String = policy, withKey: Bool = true
    ) async throws -> TestFolder {
        let folder = try TestFolder()
        try folder.write(configuration, to: "gateway.yaml")
        try folder.write(policy, to: "policy.yaml")
        guard withKey else { return folder }
        let (code, text) = try await run("token", "jwks", "--key", folder.path("key.pem"))
        guard code == 0 else { throw ChildProcess.Failure(description: "token jwks: \(text)") }
        try folder.write(text, to: "jwks.json")
        return folder
    }

    @Test("check passes the configuration of the first example, with the warnings that belong to it")
    func checkGood() async throws {
        let folder = try await Self.folder()
        defer { folder.remove() }
        let (code, text) = try await Self.run("check", "--config", folder.path("gateway.yaml"))
        #expect(code == 0, "\(text)")
        #expect(text.contains("0 errors"), "\(text)")
    }

    @Test("check warns of a configuration that lets anonymous callers in")
    func checkAnonymous() async throws {
        let text = Self.configuration.replacing("  tokenCacheEntries: 10000", with: "  anonymous: allow")
        let folder = try await Self.folder(configuration: text)
        defer { folder.remove() }
        let (code, output) = try await Self.run("check", "--config", folder.path("gateway.yaml"))
        #expect(code == 0, "\(output)")
        #expect(output.contains("gateway.yaml:6:"), "\(output)")
        #expect(output.contains("callers without a token are let in"), "\(output)")
    }

    @Test("check tells every error of the configuration at once, with file, line and the nearest key")
    func checkBad() async throws {
        let text = Self.configuration.replacing("eventLoops: 1", with: "eventLops: 1")
            .replacing("store: memory", with: "store: memcached").replacing("- issuer:", with: "- isuer:")
            .replacing("tokenCacheEntries: 10000", with: "tokenCacheEntries: many")
        let folder = try await Self.folder(configuration: text, withKey: false)
        defer { folder.remove() }
        let (code, output) = try await Self.run("check", "--config", folder.path("gateway.yaml"))
        #expect(code == 1, "\(output)")
        for wanted in [
            "gateway.yaml:3:", "did you mean 'eventLoops'", "gateway.yaml:4:", "memcached", "gateway.yaml:6:", "many",
            "gateway.yaml:8:", "did you mean 'issuer'",
        ] {
            #expect(output.contains(wanted), "\(wanted) is missing in: \(output)")
        }
    }

    @Test("check tells every error of the files that the configuration names")
    func checkBadFiles() async throws {
        let policy = Self.policy.replacing("action: ALLOW", with: "action: PERMIT").replacing(
            "roles: []", with: "rolls: []")
        let folder = try await Self.folder(policy: policy, withKey: false)
        defer { folder.remove() }
        let (code, output) = try await Self.run("check", "--config", folder.path("gateway.yaml"))
        #expect(code == 1, "\(output)")
        for wanted in ["policy.yaml:5:", "did you mean 'roles'", "policy.yaml:7:", "PERMIT", "jwks.json"] {
            #expect(output.contains(wanted), "\(wanted) is missing in: \(output)")
        }
        #expect(output.contains("3 errors"), "\(output)")
        // A key file that is there but holds no key would refuse every caller.
        try folder.write(Self.jwks, to: "jwks.json")
        let keyless = try await Self.run("check", "--config", folder.path("gateway.yaml"))
        #expect(keyless.code == 1)
        #expect(keyless.text.contains("3 errors"), "\(keyless.text)")
        #expect(keyless.text.contains("cannot be used as a key set"), "\(keyless.text)")
    }

    @Test("check reads the files that a faulty configuration names, and places what is missing where it is named")
    func checkBadEverywhere() async throws {
        let text = Self.configuration.replacing("eventLoops: 1", with: "eventLops: 1")
            .replacing("files: [policy.yaml]", with: "files: [policy.yaml, broken.yaml, nowhere.yaml, { a: b }]")
            .replacing(
                "policy: {",
                with: """
                        - issuer: https://two.example.com
                          audiences: [intentusnet]
                          jwks: { url: "https://two.example.com/jwks.json", caFile: ca.pem }
                    policy: {
                    """)
        let policy = Self.policy.replacing("action: ALLOW", with: "action: PERMIT")
        let folder = try await Self.folder(configuration: text, policy: policy, withKey: false)
        defer { folder.remove() }
        try folder.write("default: [", to: "broken.yaml")
        let (code, output) = try await Self.run("check", "--config", folder.path("gateway.yaml"))
        #expect(code == 1, "\(output)")
        let lines = output.split(separator: "\n")
        let wanted = [
            ("/gateway.yaml:3:1: error:", "did you mean 'eventLoops'"),
            ("/gateway.yaml:10:", "/jwks.json' is not there"), ("/gateway.yaml:13:", "/ca.pem' is not there"),
            ("/gateway.yaml:14:45: error:", "/nowhere.yaml' is not there"), ("/gateway.yaml:14:", "policy.files[3]"),
            ("/policy.yaml:7:", "PERMIT"), ("/broken.yaml:", "not valid YAML"),
        ]
        for (place, message) in wanted {
            #expect(
                lines.contains { $0.contains(place) && $0.contains(message) }, "\(place) \(message) in: \(output)")
        }
        #expect(output.contains("\(wanted.count) errors"), "\(output)")
    }

    @Test("a missing file that a variable names is told with the variable")
    func checkVariable() async throws {
        let folder = try await Self.folder()
        defer { folder.remove() }
        let (code, output) = try await ChildProcess.run(
            ChildProcess.intentusnet, ["check", "--config", folder.path("gateway.yaml")],
            environment: ["INTENTUSNET_POLICY_FILES": "elsewhere.yaml"])
        #expect(code == 1, "\(output)")
        #expect(output.contains("error: INTENTUSNET_POLICY_FILES: '"), "\(output)")
        #expect(output.contains("elsewhere.yaml' is not there"), "\(output)")
    }

    @Test("check, and the gateway itself, refuse a configuration that is not there")
    func missing() async throws {
        for command in ["check", "gateway"] {
            let (code, output) = try await Self.run(command, "--config", "/nowhere/gateway.yaml")
            #expect(code == 1, "\(output)")
            #expect(output.contains("/nowhere/gateway.yaml"), "\(output)")
        }
    }

    @Test("policy test runs both vector files as they are")
    func policyVectors() async throws {
        let vectors = ChildProcess.root.appending(path: "Tests/Vectors/intentusnet")
        let (code, text) = try await Self.run(
            "policy", "test", vectors.appending(path: "policy_guide.json").path,
            vectors.appending(path: "policy_code_semantics.json").path)
        #expect(code == 0, "\(text)")
        #expect(text.contains("214 passed, 0 failed"), "\(text)")
    }

    @Test("policy test runs every case of Istio's policies, counted by tier")
    func authorizationVectors() async throws {
        let cases = ChildProcess.root.appending(path: "Tests/Vectors/istio/cases.json")
        let (code, text) = try await Self.run("policy", "test", cases.path)
        #expect(code == 0, "\(text)")
        #expect(text.contains("172 passed, 0 failed"), "\(text)")
        #expect(text.contains("documented: "), "\(text)")
        #expect(text.contains("implementation: "), "\(text)")
    }

    @Test("policy explain tells which of Istio's policies decides, and why the others do not")
    func authorizationExplained() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        try folder.write(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: intents, namespace: default }
            spec:
              action: ALLOW
              rules:
                - from: [{ source: { principals: ["cluster.local/ns/default/sa/api-gateway"] } }]
                  to: [{ operation: { methods: ["POST"], paths: ["/api/v1/intent"] } }]
            """, to: "authz.yaml")
        func explain(_ principal: String) async throws -> String {
            try folder.write(
                "{ peerPrincipal: \(principal), method: POST, path: /api/v1/intent, port: 8080 }", to: "request.yaml")
            let (code, text) = try await Self.run(
                "policy", "explain", "--authorization", folder.path("authz.yaml"), "--request",
                folder.path("request.yaml"))
            #expect(code == 0, "\(text)")
            return text
        }
        let allowed = try await explain("cluster.local/ns/default/sa/api-gateway")
        #expect(allowed.contains("decision: allowed by default/intents rule 0"), "\(allowed)")
        let denied = try await explain("cluster.local/ns/default/sa/other")
        #expect(denied.contains("decision: denied: no ALLOW rule matches"), "\(denied)")
    }

    @Test("policy test names the case that fails and exits with 1, and so does a file without cases")
    func policyFailure() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        try folder.write(
            """
            cases:
              - id: wrong
                policy: { default: deny, rules: [{ id: all, action: ALLOW, roles: ["*"] }] }
                context: { intent: X, roles: [user] }
                expect: { allowed: false }
              - id: right
                policy: { default: deny, rules: [{ id: all, action: ALLOW, roles: ["*"] }] }
                context: { intent: X, roles: [user] }
                expect: { allowed: true, matchedRule: all }
            """, to: "cases.yaml")
        let (code, text) = try await Self.run("policy", "test", folder.path("cases.yaml"))
        #expect(code == 1, "\(text)")
        #expect(text.contains("wrong: allowed is true, expected false"), "\(text)")
        #expect(text.contains("1 passed, 1 failed"), "\(text)")
        try folder.write("cases: []\n", to: "empty.yaml")
        #expect(try await Self.run("policy", "test", folder.path("empty.yaml")).code == 1)
        #expect(try await Self.run("policy", "test", folder.path("nothing.yaml")).code != 0)
    }

    @Test("policy explain tells which rule decides, and why the others do not")
    func policyExplain() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        try folder.write(Self.policy, to: "policy.yaml")
        try folder.write(
            "{ intent: SummarizeIntent, roles: [user], tenant: acme, agent: summarizer }", to: "request.yaml")
        let (code, text) = try await Self.run(
            "policy", "explain", "--policy", folder.path("policy.yaml"), "--request", folder.path("request.yaml"))
        #expect(code == 0, "\(text)")
        for wanted in [
            "require-auth DENY: the caller has roles", "=> tenant-limit ALLOW: matches",
            "allowed by rule 'tenant-limit'",
            "60/min, burst 60 key 'acme'", "at most 5000 ms",
        ] {
            #expect(text.contains(wanted), "\(wanted) is missing in: \(text)")
        }
        try folder.write("{ intent: SummarizeIntent, roles: [guest] }", to: "request.yaml")
        let denied = try await Self.run(
            "policy", "explain", "--policy", folder.path("policy.yaml"), "--request", folder.path("request.yaml"))
        #expect(denied.text.contains("denied by the default"), "\(denied.text)")
    }

    @Test("token mint says what it was asked to say, with one key for every call, which nobody else may read")
    func tokenMint() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let key = folder.path("key.pem")
        let (code, text) = try await Self.run(
            "token", "mint", "--key", key, "--issuer", "https://idp.example.com", "--audience", "a", "--subject", "bob",
            "--role", "agent", "--role", "admin", "--tenant", "acme", "--lifetime-seconds", "60")
        #expect(code == 0, "\(text)")
        let parts = text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ".")
        #expect(parts.count == 3)
        let claims = try Self.decoded(parts[1])
        #expect(claims["iss"] as? String == "https://idp.example.com")
        #expect(claims["aud"] as? String == "a")
        #expect(claims["sub"] as? String == "bob")
        #expect(claims["tenant"] as? String == "acme")
        #expect(claims["roles"] as? [String] == ["agent", "admin"])
        let lifetime = (claims["exp"] as? Int).flatMap { end in (claims["iat"] as? Int).map { end - $0 } }
        #expect(lifetime == 60)
        let permissions = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? NSNumber
        #expect(permissions?.intValue == 0o600)
        let first = try await Self.run("token", "jwks", "--key", key)
        let second = try await Self.run("token", "jwks", "--key", key)
        #expect(first.text == second.text)
        #expect(first.text.contains(#""kty":"RSA""#))
        #expect(!first.text.contains(#""d":"#))
    }

    @Test("send says that nobody listens, and exits with 1")
    func sendToNobody() async throws {
        let port = try freePort()
        let (code, text) = try await Self.run(
            "send", "SummarizeIntent", "--gateway", "http://127.0.0.1:\(port)", "--timeout-ms", "500", token: "abc")
        #expect(code == 1, "\(text)")
        #expect(text.contains(#""status":"error""#), "\(text)")
    }

    private static func decoded(_ part: Substring) throws -> [String: Any] {
        var text = String(part).replacing("-", with: "+").replacing("_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        let data = try #require(Data(base64Encoded: text))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
