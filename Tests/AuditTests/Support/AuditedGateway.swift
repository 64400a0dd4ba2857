import DevelopmentIssuer
import Foundation
import LoadClient
import RedisFixtures
import Synchronization

/// A gateway that is a process, with a worker behind it and its audit log before the eyes of a test.
final class AuditedGateway: Sendable {
    static let issuer = "https://idp.example.com"
    private static let key = Result { try DevelopmentKey(keyId: "k1") }
    private static let answer = """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success",\
        "payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}
        """

    let folder: PrivateFolder
    let worker: FixedServer
    let port: Int
    let adminPort: Int
    private let prefix: [String]
    private let process = Mutex<SpawnedProcess?>(nil)

    /// Writes the files of the gateway; it is not started.
    ///
    /// - Parameters:
    ///   - audit: the `audit:` of its configuration in flow style; `LOG` stands for the folder of the log.
    ///   - extra: more of the configuration.
    ///   - admin: more of its `admin:`, behind a comma.
    ///   - prefix: words before the command, such as those that take its rights away.
    init(
        audit: String, policy: String = AuditedGateway.policy, extra: String = "", admin: String = "",
        prefix: [String] = []
    ) throws {
        self.prefix = prefix
        folder = try PrivateFolder()
        worker = try FixedServer(body: Self.answer)
        port = try FreePorts.next()
        adminPort = try FreePorts.next()
        try FileManager.default.createDirectory(atPath: folder.file("log"), withIntermediateDirectories: false)
        _ = try folder.write("jwks.json", try Self.key.get().jwks())
        _ = try folder.write("policy.yaml", policy)
        _ = try folder.write("audit.key", "the key of the audit log, 32 bytes at least\n")
        let configuration = """
            listen: { http: "127.0.0.1:\(port)" }
            admin: { http: "127.0.0.1:\(adminPort)"\(admin) }
            eventLoops: 2
            authentication:
              issuers:
                - issuer: \(Self.issuer)
                  audiences: [intentusnet]
                  jwks: { file: jwks.json }
            policy: { files: [policy.yaml] }
            registration: { allow: [{ agents: ["*"], roles: [agent] }] }
            audit: \(audit.replacingOccurrences(of: "LOG", with: folder.file("log")))
            log: { level: notice }
            agents:
              - name: fixed
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:\(worker.port)/execute-agent" }]
            \(extra)

            """
        _ = try folder.write("gateway.yaml", configuration)
    }

    static let policy = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user] }

        """

    /// The `audit:` of a keyed log in a file.
    static func file(mode: String, more: String = "") -> String {
        "{ output: file, file: LOG/audit.jsonl, keyFile: audit.key, node: gw-1, mode: \(mode)\(more) }"
    }

    var log: String { folder.file("log/audit.jsonl") }
    var identifier: Int32 { process.withLock { $0?.identifier ?? 0 } }
    var said: String { folder.tail(of: "gateway.log", characters: 4_000) }

    func start() throws {
        let words = prefix + [try BuiltCommand.path, "gateway", "--config", folder.file("gateway.yaml")]
        try? FileManager.default.removeItem(atPath: folder.file("gateway.log"))
        process.withLock { $0 = nil }
        let started = try SpawnedProcess(words, log: folder.file("gateway.log"))
        process.withLock { $0 = started }
        try Deadline.wait(for: "the gateway", milliseconds: Deadline.startMilliseconds) {
            !started.isRunning || said.contains("listening")
        }
        guard said.contains("listening") else { throw FixtureError("the gateway ended at once: \(said)") }
    }

    func signal(_ number: Int32) { process.withLock { $0?.signal(number) } }

    func kill9() { process.withLock { $0.take() }?.kill9() }

    /// Ends it in order.
    func stop() throws {
        guard let running = process.withLock({ $0 }) else { return }
        running.signal(SIGTERM)
        let code = try running.waitForEnd(milliseconds: 20_000)
        guard code == 0 else { throw FixtureError("the gateway ended with \(code): \(said)") }
    }

    /// Everything ends.
    func end() {
        kill9()
        worker.stop()
    }

    // MARK: requests

    static func token(roles: [String] = ["user"], subject: String = "alice") throws -> String {
        try key.get().sign(
            DevelopmentClaims(
                issuer: issuer, audience: "intentusnet", subject: subject, roles: roles, tenant: "acme",
                lifetimeSeconds: 3_600, now: Date(timeIntervalSinceNow: -5)))
    }

    static let envelope = """
        {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"hello"},\
        "context":{"sourceAgent":"load","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":[]},\
        "metadata":{"requestId":"req-1","source":"load","createdAt":"2026-11-23T03:00:00Z","traceId":null,\
        "identityChain":[]}}
        """

    /// The bytes of a request.
    static func request(
        _ body: String = envelope, method: String = "POST", path: String = "/api/v1/intent", token: String?
    ) -> [UInt8] {
        var head = [
            "\(method) \(path) HTTP/1.1", "host: gateway", "content-type: application/json",
            "content-length: \(body.utf8.count)",
        ]
        if let token { head.append("authorization: Bearer \(token)") }
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// Sends one request on a connection of its own.
    ///
    /// - Returns: status and body, with the head of the answer before it.
    func send(
        _ body: String = envelope, method: String = "POST", path: String = "/api/v1/intent", token: String?
    ) throws -> (status: Int, text: String) {
        let text = try Exchange.text(port: port, Self.request(body, method: method, path: path, token: token))
        return (Exchange.status(text), text)
    }

    /// What the health page says.
    func health() throws -> (status: Int, text: String) {
        let request = Array("GET /health HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n".utf8)
        let text = try Exchange.text(port: adminPort, request)
        return (Exchange.status(text), text)
    }

    // MARK: the log

    /// Files of the log, whatever they were moved to.
    func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("log")).filter { $0.hasPrefix("audit") }
            .sorted()
            .map { folder.file("log/\($0)") }
    }

    /// Runs `audit verify` over all files of the log.
    func verify(_ more: [String] = [], files: [String]? = nil) throws -> (code: Int32, text: String) {
        let words = [try BuiltCommand.path, "audit", "verify", "--key", folder.file("audit.key")] + more
        let output = folder.file("verify-\(UUID().uuidString).log")
        let process = try SpawnedProcess(words + (try files ?? self.files()), log: output)
        let code = try process.waitForEnd(milliseconds: 120_000)
        return (code, (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
    }

    /// How many records of each event there are in all files.
    func counts() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for file in try files() {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            for match in text.split(separator: "\n") {
                guard let start = match.range(of: #""event":""#) else { continue }
                counts[String(match[start.upperBound...].prefix { $0 != "\"" }), default: 0] += 1
            }
        }
        return counts
    }
}

extension [String: Int] {
    /// Records of requests: all but those of the log itself and of what is no request.
    var requests: Int {
        filter { !$0.key.hasPrefix("audit_") && $0.key != "auth_success" && $0.key != "config_reload" }.values.reduce(
            0, +)
    }
}
