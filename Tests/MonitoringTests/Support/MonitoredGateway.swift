import DevelopmentIssuer
import Foundation
import RedisFixtures
import Synchronization

/// A gateway that is a process, with files of its own that a test may change.
final class MonitoredGateway: Sendable {
    static let issuer = "https://idp.example.com"
    private static let key = Result { try DevelopmentKey(keyId: "k1") }
    static let policy =
        "default: deny\nrules:\n  - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 600000, rate_limit_key_template: \"{tenant}\" }\n"

    let folder: PrivateFolder
    let port: Int
    let adminPort: Int
    private let process = Mutex<SpawnedProcess?>(nil)

    init() throws {
        folder = try PrivateFolder()
        (port, adminPort) = (try FreePorts.next(), try FreePorts.next())
        _ = try folder.write("jwks.json", Self.jwks())
        _ = try folder.write("policy.yaml", Self.policy)
    }

    static func jwks() throws -> String { try key.get().jwks() }

    /// Writes the configuration.
    ///
    /// - Parameters:
    ///   - workerPort: where the agent `summarizer` is.
    ///   - issuers: more issuers, as entries of a list.
    ///   - extra: more keys at the top.
    func configure(workerPort: Int, issuers: String = "", listen: String = "", extra: String) throws {
        _ = try folder.write(
            "gateway.yaml",
            """
            listen: { http: "127.0.0.1:\(port)"\(listen) }
            admin: { http: "127.0.0.1:\(adminPort)", access: { failuresPerMinute: 1000 } }
            eventLoops: 1
            authentication:
              issuers:
                - { issuer: "\(Self.issuer)", audiences: [intentusnet], jwks: { file: jwks.json } }
            \(issuers)
            policy: { files: [policy.yaml] }
            agents:
              - name: summarizer
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:\(workerPort)/execute-agent" }]
            \(extra)

            """)
    }

    /// Starts it and waits until it listens.
    func start() throws {
        try? FileManager.default.removeItem(atPath: folder.file("gateway.log"))
        let started = try SpawnedProcess(
            [try BuiltCommand.path, "gateway", "--config", folder.file("gateway.yaml")], log: folder.file("gateway.log")
        )
        process.withLock { $0 = started }
        try Deadline.wait(for: "the gateway", milliseconds: Deadline.startMilliseconds) {
            !started.isRunning || log.contains("listening")
        }
        guard log.contains("listening") else { throw FixtureError("the gateway ended at once: \(log)") }
    }

    var identifier: Int32 { process.withLock { $0?.identifier ?? 0 } }
    var log: String { folder.tail(of: "gateway.log", characters: 8_000) }
    func kill9() { process.withLock { $0.take() }?.kill9() }

    /// Ends it in order.
    func stop() throws {
        guard let running = process.withLock({ $0 }) else { return }
        running.signal(SIGTERM)
        let code = try running.waitForEnd(milliseconds: 20_000)
        guard code == 0 else { throw FixtureError("the gateway ended with \(code): \(log)") }
    }

    static func token(subject: String = "alice", role: String = "user") throws -> String {
        try key.get().sign(
            DevelopmentClaims(
                issuer: issuer, audience: "intentusnet", subject: subject, roles: [role], tenant: "acme",
                lifetimeSeconds: 7_200, now: Date(timeIntervalSinceNow: -5)))
    }

    /// Posts to its admin API as an administrator.
    @discardableResult
    func administer(_ path: String, _ body: String = "{}") throws -> String {
        let token = try Self.token(subject: "operator", role: "intentusnet-admin")
        let answer = try PlainHTTP.post("/admin/v1/\(path)", Array(body.utf8), token: token, port: adminPort)
        guard answer.hasPrefix("HTTP/1.1 200") else { throw FixtureError("\(path): \(answer)") }
        return answer
    }

    static let envelope = """
        {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"hello"},\
        "context":{"sourceAgent":"load","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":[]},\
        "metadata":{"requestId":"req-1","source":"load","createdAt":"2026-11-23T03:00:00Z","traceId":null,\
        "identityChain":[]}}
        """

    /// The bytes of a request; without a token it is refused.
    static func request(token: String?, more: [String] = []) -> [UInt8] {
        var head = [
            "POST /api/v1/intent HTTP/1.1", "host: gateway", "content-type: application/json",
            "content-length: \(envelope.utf8.count)",
        ]
        if let token { head.append("authorization: Bearer \(token)") }
        return Array(((head + more).joined(separator: "\r\n") + "\r\n\r\n" + envelope).utf8)
    }
}
