import DevelopmentIssuer
import Foundation
import LoadClient
import RedisFixtures

/// A gateway as a process that listens by TLS, with a worker that answers at once.
final class TLSGateway: Sendable {
    private static let issuer = "https://idp.example.com"

    let port: Int
    private let adminPort: Int
    /// An intent of a caller who may send it, on a connection that is closed after it or stays.
    let request: (closing: [UInt8], keeping: [UInt8])
    let token: String
    let envelope: String
    private let worker: FixedServer
    private let process: SpawnedProcess
    private let folder: PrivateFolder

    /// Starts it and waits until it listens; blocks.
    ///
    /// - Parameters:
    ///   - shown: the certificate that it shows.
    ///   - trusted: PEM files of who vouches for clients; none asks for no certificate.
    ///   - limits: further lines of `listen`.
    init(showing shown: TestCertificates.Pair, trusting trusted: [String] = [], limits: String = "") throws {
        let folder = try PrivateFolder()
        let key = try DevelopmentKey(keyId: "k1")
        let claims = DevelopmentClaims(
            issuer: Self.issuer, audience: "intentusnet", subject: "load", roles: ["user"], tenant: "acme",
            lifetimeSeconds: 3_600, now: Date())
        token = try key.sign(claims)
        envelope = """
            {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"hello"},\
            "context":{"sourceAgent":"load","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":[]},\
            "metadata":{"requestId":"req-1","source":"load","createdAt":"2026-11-23T03:00:00Z","traceId":null,\
            "identityChain":[]}}
            """
        let head = """
            POST /api/v1/intent HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n\
            content-length: \(envelope.utf8.count)\r\nauthorization: Bearer \(token)\r\n
            """
        request = (
            Array((head + "connection: close\r\n\r\n" + envelope).utf8), Array((head + "\r\n" + envelope).utf8)
        )
        worker = try FixedServer(
            body: """
                {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0",\
                "status":"success","payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}
                """)
        port = try FreePorts.next()
        adminPort = try FreePorts.next()
        _ = try folder.write("jwks.json", try key.jwks())
        _ = try folder.write("policy.yaml", "default: deny\nrules:\n  - { id: users, action: ALLOW, roles: [user] }\n")
        let bundles = trusted.isEmpty ? "" : ", trustBundleFiles: [\(trusted.joined(separator: ", "))]"
        let configuration = try folder.write(
            "gateway.yaml",
            """
            listen:
              http: "127.0.0.1:\(port)"
              \(limits)
              tls: { certificateFile: \(shown.certificateFile), keyFile: \(shown.keyFile)\(bundles), handshakesPerPeerMax: 0 }
            admin: { http: "127.0.0.1:\(adminPort)" }
            eventLoops: 1
            store: memory
            authentication:
              issuers:
                - { issuer: "\(Self.issuer)", audiences: [intentusnet], jwks: { file: jwks.json } }
            policy: { files: [policy.yaml] }
            audit: { output: none }
            log: { level: notice }
            agents:
              - name: fixed
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:\(worker.port)/execute-agent" }]

            """)
        let log = folder.file("gateway.log")
        let process = try SpawnedProcess([try BuiltCommand.path, "gateway", "--config", configuration], log: log)
        try Deadline.wait(for: "the gateway", milliseconds: Deadline.startMilliseconds) {
            let text = folder.tail(of: "gateway.log", characters: 4_000)
            guard process.isRunning else { throw FixtureError("the gateway ended: \(text)") }
            return text.contains("listening")
        }
        self.folder = folder
        self.process = process
    }

    /// What it wrote last.
    var log: String { folder.tail(of: "gateway.log", characters: 4_000) }

    /// Handshakes that failed for a reason, as the metrics name it.
    func handshakeFailures(_ reason: String) throws -> Int {
        try count("intentusnet_tls_failures_total{reason=\"\(reason)\"}")
    }

    /// Clients whose certificates were not believed for a reason.
    func refusedCertificates(_ reason: String) throws -> Int {
        try count("intentusnet_certificates_refused_total{peer=\"client\",reason=\"\(reason)\"}")
    }

    private func count(_ series: String) throws -> Int {
        let start = series + " "
        let lines = try PlainHTTP.get("/metrics", port: adminPort).split(whereSeparator: \.isNewline)
        return lines.first { $0.hasPrefix(start) }.flatMap { Double($0.dropFirst(start.count)) }.map { Int($0) } ?? 0
    }

    /// What it has used of the machine's processors.
    var cpuMilliseconds: Int {
        get throws {
            let stat = try String(contentsOfFile: "/proc/\(process.identifier)/stat", encoding: .utf8)
            // Behind the name in brackets, which may hold anything: state is the first, user and system time the 12th and 13th.
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
                throw FixtureError("the kernel does not tell the times of the gateway")
            }
            return (user + system) * 1_000 / sysconf(Int32(_SC_CLK_TCK))
        }
    }

    /// What it holds of the machine's memory.
    var residentKibibytes: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            guard
                let value = line?.split(separator: " ").dropFirst().first(where: { Int($0) != nil }).flatMap({ Int($0) }
                )
            else { throw FixtureError("the kernel does not tell the memory of the gateway") }
            return value
        }
    }

    func stop() {
        process.kill9()
        worker.stop()
    }
}
