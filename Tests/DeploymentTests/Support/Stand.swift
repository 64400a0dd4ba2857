import DevelopmentIssuer
import Foundation
import RedisFixtures

/// Redis and a gateway of an overlay as their pods would start them, both up.
final class Stand: Sendable {
    static let issuer = "https://idp.example.com"

    let folder: PrivateFolder
    let redis: Pod
    let gateway: Pod
    let intents: Int
    let admin: Int
    let redisPort: Int
    private let key: DevelopmentKey
    private let rendered: Rendered
    private let secrets: String
    private let replaced: [(String, String)]

    init(_ overlay: String, in folder: PrivateFolder, secrets: String) throws {
        let ports = try FreePorts.next(4)
        let workerPort = ports[3]
        (intents, admin, redisPort) = (ports[0], ports[1], ports[2])
        replaced = [
            ("0.0.0.0:8080", "127.0.0.1:\(ports[0])"), ("0.0.0.0:9090", "127.0.0.1:\(ports[1])"),
            ("redis.intentusnet.svc:6379", "127.0.0.1:\(ports[2])"),
            ("tls-port 6379", "tls-port \(ports[2])\nbind 127.0.0.1"), ("redis-cli ", "redis-cli -p \(ports[2]) "),
            ("gateway.intentusnet.svc:8080", "127.0.0.1:\(ports[0])"), ("=0.0.0.0", "=127.0.0.1"),
            (":9001", ":\(workerPort)"), ("--port=9001", "--port=\(workerPort)"),
            // No issuer is reached from here: its keys come from a file.
            (#"{ url: "\#(Self.issuer)/.well-known/jwks.json" }"#, "{ file: jwks.json }"),
        ]
        (self.folder, self.secrets) = (folder, secrets)
        rendered = try Rendered(overlay, in: folder)
        redis = try Pod("redis", of: rendered, in: folder, secrets: secrets, replaced: replaced)
        gateway = try Pod("gateway", of: rendered, in: folder, secrets: secrets, replaced: replaced)
        key = try DevelopmentKey(keyId: "k1")
        try key.jwks().write(
            toFile: gateway.root + "/etc/intentusnet/jwks.json", atomically: true, encoding: .utf8)
        try redis.start(redis.arguments("redis"))
        try redis.wait(for: "the probe of Redis") { isContent(redis, "readinessProbe", "redis") }
        try gateway.start([try BuiltCommand.path] + gateway.arguments("gateway"))
        try awaitProbes()
    }

    var configuration: String { gateway.root + "/etc/intentusnet/gateway.yaml" }
    var dashboard: String {
        get throws { try rendered.configuration("intentusnet-dashboard", "dashboard.json") }
    }

    /// The sample worker, with its probes content.
    func worker() throws -> Pod {
        let worker = try Pod("summarizer", of: rendered, in: folder, secrets: secrets, replaced: replaced)
        let variables = ["POD_NAME": "summarizer-0", "POD_IP": "127.0.0.1"]
        try worker.start([try BuiltCommand.path] + worker.arguments("worker", variables: variables))
        for probe in ["livenessProbe", "readinessProbe"] {
            try worker.wait(for: probe) { isContent(worker, probe, "worker") }
        }
        return worker
    }

    /// A user's token of the issuer.
    func token() throws -> String {
        try key.sign(
            DevelopmentClaims(
                issuer: Self.issuer, audience: "intentusnet", subject: "alice", roles: ["user"], tenant: "acme",
                lifetimeSeconds: 600, now: Date()))
    }

    /// As the kubelet asks: no certificate, and no look at the gateway's.
    private func awaitProbes() throws {
        let container = try gateway.container("gateway")
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            guard let path = container.text(probe, "httpGet", "path") else { throw FixtureError("no path of \(probe)") }
            try gateway.wait(for: probe) {
                let url = "https://127.0.0.1:\(admin)\(path)"
                return try Curl.ask(url, trusting: "/dev/null", ["-k"], in: folder).status == "200"
            }
        }
    }

    private func isContent(_ pod: Pod, _ probe: String, _ container: String) -> Bool {
        (try? SpawnedProcess.run(pod.probe(probe, of: container), in: folder)) != nil
    }
}
