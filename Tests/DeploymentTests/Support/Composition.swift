import Foundation
import RedisFixtures
import Synchronization

/// The services of docker/compose.yaml as processes of this machine: their files and commands, with other names and ports.
final class Composition: Sendable {
    let folder: PrivateFolder
    let balancer: Int
    let gateways: [Int]
    let admins: [Int]
    private let replaced: [(String, String)]
    private let processes = Mutex<[String: SpawnedProcess]>([:])

    init() throws {
        folder = try PrivateFolder()
        let ports = try FreePorts.next(10)
        (balancer, gateways, admins) = (ports[0], Array(ports[1...3]), Array(ports[4...6]))
        let (redis, issuer, worker) = (ports[7], ports[8], ports[9])
        let run = folder.file("run")
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
        var replaced = [
            // First, for what comes in later may lie below it.
            ("/tmp/", folder.path + "/"),
            ("/run/intentusnet", run), ("https://balancer:8443", "https://127.0.0.1:\(ports[0])"),
            ("rediss://redis:6379", "rediss://127.0.0.1:\(redis)"), ("mesh/redis=redis", "mesh/redis=redis,127.0.0.1"),
            ("tls-port 6379", "tls-port \(redis)\nbind 127.0.0.1"), ("dir /data", "dir \(folder.path)"),
            ("listen 8443", "listen 127.0.0.1:\(ports[0])"), ("127.0.0.1:9400", "127.0.0.1:\(issuer)"),
            ("--port=9400", "--port=\(issuer)"), ("--port=9001", "--port=\(worker)"), ("=0.0.0.0", "=127.0.0.1"),
            ("https://worker-1:9001", "https://127.0.0.1:\(worker)"),
        ]
        for index in 0..<3 {
            replaced.append(("gateway-\(index + 1):8080", "127.0.0.1:\(ports[1 + index])"))
            replaced.append(("gateway-\(index + 1):9090", "127.0.0.1:\(ports[4 + index])"))
        }
        self.replaced = replaced
    }

    deinit { stop() }

    /// Starts everything but what only looks on.
    func start() throws {
        _ = try SpawnedProcess.run([try BuiltCommand.path] + words(of: "authority"), in: folder)
        _ = try SpawnedProcess.run(
            ["sh", Workplace.path("docker/compose/make-secrets"), folder.file("run")], in: folder)
        try launch("redis", ["redis-server", try file("redis.conf")])
        try launch("issuer", [try BuiltCommand.path] + words(of: "issuer"))
        for index in 0..<3 {
            let own = [
                ("0.0.0.0:8080", "127.0.0.1:\(gateways[index])"), ("0.0.0.0:9090", "127.0.0.1:\(admins[index])"),
            ]
            _ = try file("policy.yaml")
            _ = try file("admin-policy.yaml")
            try launch(
                "gateway-\(index + 1)",
                [
                    try BuiltCommand.path, "gateway", "--config",
                    try file("gateway.yaml", as: "gateway-\(index + 1).yaml", own),
                ])
        }
        // A master that is killed leaves its workers behind.
        let alone = "daemon off; master_process off; user root;"
        try launch("balancer", ["nginx", "-c", try file("nginx.conf"), "-g", alone])
        try launch("worker-1", [try BuiltCommand.path] + words(of: "worker-1"))
    }

    /// A file of docker/compose with the values of this machine.
    func file(_ name: String, as other: String? = nil, _ own: [(String, String)] = []) throws -> String {
        let text = try Workplace.text("docker/compose/\(name)")
        return try folder.write(other ?? name, (own + replaced).reduce(text) { $0.replacing($1.0, with: $1.1) })
    }

    /// A service's command with the values of this machine.
    private func words(of service: String) throws -> [String] {
        let told = try Workplace.run(
            tool: "compose.py", [Workplace.path("docker/compose.yaml"), service], in: folder)
        return told.split(separator: "\n").map { word in
            replaced.reduce(String(word)) { $0.replacing($1.0, with: $1.1) }
        }
    }

    private func launch(_ name: String, _ words: [String]) throws {
        let process = try SpawnedProcess(words, log: folder.file("\(name).log"))
        processes.withLock { $0[name] = process }
    }

    func kill9(_ name: String) { processes.withLock { $0.removeValue(forKey: name) }?.kill9() }

    func log(_ name: String) -> String { folder.tail(of: "\(name).log", characters: 3_000) }

    func stop() { for process in processes.withLock({ $0.values.map(\.self) }) { process.kill9() } }

    /// Asks with curl: status and body.
    func ask(_ url: String, _ options: [String] = []) throws -> (status: String, body: String) {
        try Curl.ask(url, trusting: folder.file("run/ca.pem"), options, in: folder)
    }
}
