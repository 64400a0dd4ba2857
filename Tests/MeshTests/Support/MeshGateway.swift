import DevelopmentIssuer
import Foundation
import RedisFixtures

/// A gateway process in the mesh, with the guide's AuthorizationPolicy in force; ended by its id.
///
/// Callers are known by their service alone, and the intent policy lets every service pass: what is refused, the mesh's
/// own rules refused.
final class MeshGateway: Sendable {
    /// The production guide's own resource.
    static let guidePolicy = """
        apiVersion: security.istio.io/v1beta1
        kind: AuthorizationPolicy
        metadata:
          name: intentusnet-policy
        spec:
          selector:
            matchLabels:
              app: intentusnet
          rules:
          - from:
            - source:
                principals: ["cluster.local/ns/default/sa/api-gateway"]
            to:
            - operation:
                methods: ["POST"]
                paths: ["/api/v1/intent"]

        """

    let port: Int
    private let adminPort: Int
    private let folder: PrivateFolder
    private let process: SpawnedProcess

    /// - Parameters:
    ///   - worker: the port of the agent that answers every intent.
    ///   - trusting: the peers whose X-Forwarded-Client-Cert is believed.
    ///   - tls: the `tls:` of its listener as flow-style YAML; nil means plain text.
    init(port: Int, worker: Int, trusting: [String] = [], tls: String? = nil) throws {
        folder = try PrivateFolder()
        self.port = port
        adminPort = try FreePorts.next()
        _ = try folder.write("authorization.yaml", Self.guidePolicy)
        _ = try folder.write(
            "policy.yaml", "default: deny\nrules: [{ id: services, action: ALLOW, principals: [\"*\"] }]\n")
        _ = try folder.write("jwks.json", try DevelopmentKey(keyId: "k1").jwks())
        let file = try folder.write(
            "gateway.yaml",
            """
            listen: { http: "127.0.0.1:\(port)"\(tls.map { ", tls: \($0)" } ?? "") }
            admin: { http: "127.0.0.1:\(adminPort)" }
            eventLoops: 1
            store: memory
            authentication:
              services: allow
              issuers: [{ issuer: "https://idp.example.com", audiences: [intentusnet], jwks: { file: jwks.json } }]
            mesh:
              labels: ["app=intentusnet"]
              trustedProxies: [\(trusting.map { "\"\($0)\"" }.joined(separator: ", "))]
            authorization: { files: [authorization.yaml] }
            policy: { files: [policy.yaml] }
            audit: { output: file, file: audit.jsonl }
            log: { level: notice }
            agents:
              - name: fixed
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:\(worker)/execute-agent" }]
            """)
        process = try SpawnedProcess(
            [try BuiltCommand.path, "gateway", "--config", file], log: folder.file("gateway.log"))
        do {
            try Deadline.wait(for: "the gateway", milliseconds: Deadline.startMilliseconds) {
                guard process.isRunning else { throw FixtureError("it ended") }
                return try PlainHTTP.get("/health/ready", port: adminPort).contains(" 200 ")
            }
        } catch {
            throw FixtureError("\(error); its log ends: \(folder.tail(of: "gateway.log"))")
        }
    }

    /// A whole request for an intent, on a connection of its own.
    ///
    /// - Parameters:
    ///   - id: by which the audit log knows it.
    ///   - payloadBytes: the length of the text that it carries.
    ///   - headers: more header lines.
    static func request(_ id: String, payloadBytes: Int = 5, headers: [String] = []) -> String {
        let text = String(repeating: "x", count: payloadBytes)
        let body = """
            {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"\(text)"},\
            "context":{"sourceAgent":"test","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":[]},\
            "metadata":{"requestId":"\(id)","source":"test","createdAt":"2026-11-23T03:00:00Z",\
            "traceId":"0af7651916cd43dd8448eb211c80319c","identityChain":[]},\
            "routing":{"strategy":"direct","targetAgent":null,"fallbackAgents":[]},\
            "routingMetadata":{"decisionPath":[],"retries":0}}
            """
        let lines = [
            "POST /api/v1/intent HTTP/1.1", "host: gateway", "content-type: application/json", "connection: close",
        ]
        return (lines + headers + ["content-length: \(body.utf8.count)"]).joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// The audit records so far, oldest first.
    func records() throws -> [AuditLine] {
        try String(contentsOfFile: folder.file("audit.jsonl"), encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(AuditLine.self, from: Data($0.utf8))
        }
    }

    /// Waits for records that are written a moment after their answers.
    func records(_ count: Int, where isWanted: (AuditLine) -> Bool) throws -> [AuditLine] {
        var found: [AuditLine] = []
        try Deadline.wait(for: "\(count) audit records", milliseconds: 5_000) {
            found = try records().filter(isWanted)
            return found.count >= count
        }
        return found
    }

    /// The value of a metric series, 0 where it is not there.
    func metric(_ series: String) throws -> Double {
        try metrics(series + " ").first.flatMap { Double($0.dropFirst(series.count + 1)) } ?? 0
    }

    /// The lines of its metrics that begin with a text.
    func metrics(_ prefix: String) throws -> [String] {
        try PlainHTTP.get("/metrics", port: adminPort).split(whereSeparator: \.isNewline).map(String.init)
            .filter { $0.hasPrefix(prefix) }
    }
}
