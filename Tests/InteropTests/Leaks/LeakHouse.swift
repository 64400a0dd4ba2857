import Foundation
import RedisFixtures

/// Two gateways, Redis, OpenBao, moto and a sealing worker, with a known secret in every place where one can enter.
final class LeakHouse: Sendable {
    let folder: TestFolder
    let redis: RedisServer
    let vault: OpenBao
    let moto: Moto
    /// In front of Vault for the first gateway, and where both send their spans; what passes is noted in `NAME.record`.
    let recorders: [ChildProcess]
    private let recorderPorts: [String: Int]
    private let roleId: String
    let certificates: TestCertificates
    /// Of the gateway that speaks TLS, and of the one that does not.
    let dataPorts: [Int]
    let adminPorts: [Int]
    let workerPort: Int
    /// Where the worker with secrets of its own listens.
    let secretivePort: Int
    let user: String
    let admin: String
    let environment: [String: String]
    /// What entered so far.
    let secrets: [KnownSecret]

    private static func random(_ name: String) -> String {
        name + "-" + (0..<24).map { _ in String("abcdefghijkmnpqrstuvwxyz23456789".randomElement() ?? "x") }.joined()
    }

    init() async throws {
        folder = try await CommandTests.folder(policy: Self.policy)
        vault = try OpenBao()
        moto = try Moto()
        certificates = try TestCertificates()
        recorderPorts = ["login": try freePort(), "traces": try freePort()]
        let role = try vault.appRole("leaks", tokenSeconds: 3_600)
        roleId = role.roleId
        let (records, script) = (folder, ChildProcess.root.appending(path: "Tests/Interop/recorder.py").path)
        recorders = try recorderPorts.sorted { $0.key < $1.key }.map { [vault] name, port in
            try ChildProcess(
                ChildProcess.python,
                [script, "\(port)", records.path("\(name).record")]
                    + (name == "login" ? ["127.0.0.1:\(vault.port)"] : []))
        }
        dataPorts = [try freePort(), try freePort()]
        adminPorts = [try freePort(), try freePort()]
        (workerPort, secretivePort) = (try freePort(), try freePort())
        let text = { (name: String) in Self.random(name) }
        let (password, seal, vaultToken) = (text("redis-password"), text("aws-seal-of-key-sets"), text("vault-token"))
        let (awsKey, audit, node, former) = (text("aws-secret-key"), text("audit-key"), text("node"), text("former"))
        let receiver = text("traces-receiver-token")
        let (apiKey, python) = (text("worker-api-key"), String(text("").suffix(24)) + "abcdefgh")
        var options = RedisServerOptions()
        options.users = ["gateway on >\(password) ~* &* +@all"]
        redis = try RedisServer.started(options)
        try vault.api("POST", "auth/token/create", #"{"id": "\#(vaultToken)", "policies": ["root"]}"#)
        let key = try String(contentsOfFile: certificates.server.keyFile, encoding: .utf8)
        let upstream = try String(contentsOfFile: certificates.client.keyFile, encoding: .utf8)
        let ring = (0..<32).map { _ in UInt8.random(in: 0 ... .max) }
        let document = """
            {"keys": [{"id": "first", "key": "\(Data(ring).base64EncodedString())"},
              {"id": "python", "text": "\(python)", "profile": "v1"}]}
            """
        try vault.put("redis", ["password": password])
        try vault.put("tls", ["key": key])
        try vault.put("emcl", ["ring": document])
        try vault.put("worker", ["api-key": apiKey])
        _ = try moto.prepare(
            #"client("secretsmanager").create_secret(Name="app/seal", SecretString=json.dumps({"seal": "\#(seal)"}))"#)
        try folder.write(document, to: "ring.json")
        for (name, text) in [
            ("audit.key", audit), ("receiver.token", receiver), ("vault.token", vaultToken), ("former.key", former),
            ("secret.id", role.secretId),
        ] {
            try folder.write(text, to: name)
        }
        environment = [
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": awsKey, "LEAK_NODE_SECRET": node,
        ]
        user = try await Self.token(folder, "user", "alice")
        admin = try await Self.token(folder, "intentusnet-admin", "operator")
        secrets =
            [
                KnownSecret("the password of Redis", password), KnownSecret("the seal of key sets", seal),
                KnownSecret("the token of Vault", vaultToken),
                KnownSecret("the secret id of a role", role.secretId), KnownSecret("the key of AWS", awsKey),
                KnownSecret("the key of the audit log", audit), KnownSecret("the secret of a node", node),
                KnownSecret("the former secret of a node", former), KnownSecret("a worker's secret", apiKey),
                KnownSecret("the token for the receiver of traces", receiver),
                KnownSecret("a key of envelopes", ring), KnownSecret("a key of the Python package", python),
                .token("a user's token", user), .token("an administrator's token", admin),
            ] + KnownSecret.privateKey("the key of the listener", pem: key)
            + KnownSecret.privateKey("the key that workers are shown", pem: upstream)
            + KnownSecret.privateKey(
                "the issuer's key", pem: try String(contentsOfFile: folder.path("key.pem"), encoding: .utf8))
        for index in 0...1 { try folder.write(configuration(index), to: "gateway\(index).yaml") }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path(name))
        }
    }

    private static let policy = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 100000, rate_limit_key_template: "{tenant}" }

        """

    private static func token(_ folder: TestFolder, _ role: String, _ subject: String) async throws -> String {
        let (code, text) = try await CommandTests.run(
            "token", "mint", "--key", folder.path("key.pem"), "--issuer", "https://idp.example.com", "--tenant", "acme",
            "--subject", subject, "--role", role)
        guard code == 0 else { throw ChildProcess.Failure(description: "token mint: \(text)") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The first gateway speaks TLS and has its ring in a file that it rotates; the second one asks Vault for it.
    func configuration(_ index: Int, password: String = "secret://vault/secret/redis#password") -> String {
        let tls =
            #"tls: { certificateFile: "\#(certificates.server.certificateFile)", keyFile: "secret://vault/secret/tls#key" }"#
        let vaultSettings =
            index == 0
            ? "address: \"http://127.0.0.1:\(recorderPorts["login"] ?? 0)\", appRole: { roleId: \"\(roleId)\", secretIdFile: secret.id }"
            : "address: \"\(vault.url)\", tokenFile: vault.token"
        return """
            listen: { http: "127.0.0.1:\(dataPorts[index])"\(index == 0 ? ", " + tls : "") }
            admin: { http: "127.0.0.1:\(adminPorts[index])", access: {} }
            eventLoops: 1
            log: { level: trace }
            store:
              redis: { url: "redis://127.0.0.1:\(redis.port)", username: gateway, password: "\(password)",
                sealFile: "secret://aws-secrets-manager/app/seal#seal" }
            secrets:
              vault: { \(vaultSettings) }
              aws: { region: eu-central-1, endpoint: "\(moto.url)" }
            authentication:
              issuers: [{ issuer: "https://idp.example.com", audiences: [intentusnet], jwks: { file: jwks.json } }]
            policy: { files: [policy.yaml] }
            traces: { endpoint: "http://127.0.0.1:\(recorderPorts["traces"] ?? 0)/v1/traces", keptPerMillion: 1000000, everyMilliseconds: 100,
              headers: [{ name: x-receiver-token, valueFile: receiver.token }] }
            routing: { upstream: { tls: { certificateFile: "\(certificates.client.certificateFile)",
              keyFile: "\(certificates.client.keyFile)", trustBundleFiles: ["\(certificates.authority.certificateFile)"] } } }
            mesh:
              nodes: [{ id: edge-1, service: "spiffe://cluster.local/ns/edge/sa/edge", secretFile: "secret://env/LEAK_NODE_SECRET",
                formerSecretFile: former.key }]
            emcl: { \(index == 0 ? "keyRingFile: ring.json" : #"keyRing: "secret://vault/secret/emcl#ring""#), clientProfiles: [v1, v2],
              rules: [{ agents: [summarizer], workers: required }], rotation: { leadSeconds: 2, graceSeconds: 60 } }
            audit: { output: file, file: audit\(index).jsonl, keyFile: audit.key }
            agents:
              - { name: summarizer, intents: [{ name: SummarizeIntent }],
                  instances: [{ url: "http://127.0.0.1:\(workerPort)/execute-agent" }] }
              - { name: secretive, intents: [{ name: TellIntent }, { name: StumbleIntent }, { name: MissIntent }],
                  instances: [{ url: "http://127.0.0.1:\(secretivePort)/execute-agent" }] }
            """
    }

    /// The tokens that the first gateway's logins were answered by.
    func loginTokens() throws -> [KnownSecret] {
        try String(contentsOfFile: folder.path("login.record"), encoding: .utf8)
            .matches(of: #/"client_token":"([^"]+)"/#).map { KnownSecret("a token of a login", String($0.1)) }
    }

    func dataURL(_ index: Int) -> String { "\(index == 0 ? "https" : "http")://127.0.0.1:\(dataPorts[index])" }

    func gateway(_ index: Int) throws -> ChildProcess {
        try ChildProcess(
            ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway\(index).yaml")],
            environment: environment)
    }

    /// The echo agent, which takes nothing in clear.
    func worker() throws -> ChildProcess {
        try ChildProcess(
            ChildProcess.intentusnet,
            [
                "worker", "--name", "summarizer", "--intent", "SummarizeIntent", "--port", "\(workerPort)",
                "--key-ring",
                folder.path("ring.json"),
            ])
    }

    /// Posts to a gateway by curl; the whole answer, head and body.
    func post(_ index: Int, _ body: String, headers: [String], path: String = "/api/v1/intent") async throws -> String {
        let file = "body-\(UUID().uuidString)"
        try folder.write(body, to: file)
        let lines = (["content-type: application/json"] + headers).flatMap { ["-H", $0] }
        return try await ChildProcess.run(
            "curl",
            [
                "-s", "-S", "-i", "--cacert", certificates.authority.certificateFile, "--data-binary",
                "@" + folder.path(file),
            ]
                + lines + [dataURL(index) + path]
        ).text
    }

    func command(_ words: String...) async throws -> (code: Int32, text: String) {
        try await ChildProcess.run(
            ChildProcess.intentusnet, words, environment: environment.merging(["INTENTUSNET_TOKEN": user]) { $1 })
    }

    static func envelope(_ intent: String, _ payload: String, more: String = "") -> String {
        """
        {"version":"1.0","intent":{"name":"\(intent)","version":"1.0"},"payload":\(payload),\
        "context":{"sourceAgent":"client","timestamp":"2026-01-01T00:00:00Z","priority":"normal","tags":[]\(more)},\
        "metadata":{"requestId":"r-1","source":"client","createdAt":"2026-01-01T00:00:00Z","identityChain":[]},\
        "routing":{"strategy":"direct","targetAgent":null,"fallbackAgents":[]},\
        "routingMetadata":{"decisionPath":[],"retries":0}}
        """
    }
}
