import DevelopmentIssuer
import Foundation
import LoadGenerator
import RedisFixtures

/// Gateways, a worker, Redis and the generator as processes, driven as hard as they can be, and what each spent.
enum MeasuredCluster {
    /// How the one limit of all requests is kept.
    enum Limit: String, CaseIterable, Sendable {
        case none
        /// Its reserve would be more than 2 % of its burst: every request asks.
        case strict
        case leased

        fileprivate var rule: String {
            switch self {
            case .none: ""
            case .strict: ", rate_limit_per_minute: 6000000, rate_limit_burst: 100000"
            case .leased: ", rate_limit_per_minute: 6000000, rate_limit_burst: 6000000"
            }
        }
    }

    /// CPU time of an answered request, in microseconds, and what was answered.
    struct Costs: Sendable {
        var answeredPerSecond: Double
        var gateway: Double
        var worker: Double
        var redis: Double
        var generator: Double
        /// Script calls of Redis for each request, and a second.
        var callsPerRequest: Double
        var callsPerSecond: Double
        var p99Microseconds: Int
        /// Cores that nobody used, and that others than these processes used.
        var idleCores: Double
        var foreignCores: Double
    }

    static let isPossible =
        ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1" && RedisServer.isInstalled
        && FileManager.default.isExecutableFile(atPath: nginx)

    private static let nginx = "/usr/sbin/nginx"
    private static let seconds = 8.0
    private static let answer =
        #"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success","payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}"#

    /// Drives a cluster at a rate, or as hard as it can be driven by so many requests in flight for each node.
    static func measure(nodes: Int, _ limit: Limit, rate: Int = 60_000) async throws -> Costs {
        let folder = try PrivateFolder()
        let redis = try RedisServer.started()
        let workerPort = try FreePorts.next(1)[0]
        let worker = try SpawnedProcess(
            [nginx, "-c", try folder.write("nginx.conf", workerConfiguration(workerPort, folder))],
            log: folder.file("nginx.log"))
        let ports = try FreePorts.next(nodes)
        let gateways = try gateways(ports, limit, folder, redis: redis, workerPort: workerPort)
        defer { for process in gateways + [worker] { process.kill9() } }
        let fixed = gateways + [worker]
        let before = fixed.map(cpu) + [cpuSeconds(redis.processIdentifier ?? 0)]
        let callsBefore = try calls(redis)
        let machineBefore = machine()
        let start = ContinuousClock.now
        let (result, generator) = try await load(ports, folder, rate: rate)
        let elapsed = start.duration(to: .now) / .seconds(1)
        let (idle, busy) = (machine().idle - machineBefore.idle, machine().busy - machineBefore.busy)
        let used = zip(fixed.map(cpu) + [cpuSeconds(redis.processIdentifier ?? 0)], before).map { $0 - $1 }
        let requests = Double(result.total.answered)
        guard result.total.ok == result.total.answered, requests > 0 else {
            throw FixtureError(LoadSummary.text(result))
        }
        let callCount = Double(try calls(redis) - callsBefore)
        return Costs(
            answeredPerSecond: result.answeredPerSecond,
            gateway: used[..<nodes].reduce(0, +) * 1e6 / requests, worker: used[nodes] * 1e6 / requests,
            redis: used[nodes + 1] * 1e6 / requests, generator: generator * 1e6 / requests,
            callsPerRequest: callCount / requests, callsPerSecond: callCount / result.seconds,
            p99Microseconds: result.total.latency[99], idleCores: idle / elapsed,
            foreignCores: max(busy - used.reduce(generator, +), 0) / elapsed)
    }

    private static func load(
        _ ports: [Int], _ folder: PrivateFolder, rate: Int
    ) async throws -> (result: LoadResult, cpuSeconds: Double) {
        let words = [
            try BuiltCommand.path, "load", "--rate", "\(rate)", "--duration", "\(Int(seconds))s", "--intent",
            "SummarizeIntent",
            "--payload", #"{"text":"hello"}"#, "--token", "@\(folder.file("token"))", "--connections",
            "32",
            "--in-flight-max", "\(32 * ports.count)", "--quiet", "--json", folder.file("result.json"),
        ]
        let process = try SpawnedProcess(
            words + ports.flatMap { ["--gateway", "http://127.0.0.1:\($0)"] }, log: folder.file("load.log"))
        // Its times are told as long as nobody has waited for its end.
        for _ in 0..<3_000 where !hasEnded(process.identifier) { try await Task.sleep(for: .milliseconds(10)) }
        let used = cpuSeconds(process.identifier)
        _ = try process.waitForEnd(milliseconds: 1_000)
        guard let data = FileManager.default.contents(atPath: folder.file("result.json")) else {
            throw FixtureError(folder.tail(of: "load.log"))
        }
        return (try JSONDecoder().decode(LoadResult.self, from: data), used)
    }

    private static func gateways(
        _ ports: [Int], _ limit: Limit, _ folder: PrivateFolder, redis: RedisServer, workerPort: Int
    ) throws -> [SpawnedProcess] {
        let key = try DevelopmentKey(keyId: "k1")
        _ = try folder.write("jwks.json", try key.jwks())
        _ = try folder.write("seal", "the seal of all gateways of a test")
        let claims = DevelopmentClaims(
            issuer: "https://idp.example.com", audience: "intentusnet", subject: "load", roles: ["user"],
            tenant: "acme",
            lifetimeSeconds: 3_600)
        _ = try folder.write("token", try key.sign(claims))
        _ = try folder.write(
            "policy.yaml",
            "default: deny\nrules:\n  - { id: all, action: ALLOW, tenants: [acme], rate_limit_key_template: \"{tenant}\"\(limit.rule) }\n"
        )
        let processes = try ports.enumerated().map { place, port in
            let file = try folder.write(
                "gateway-\(place).yaml", try configuration(port, redis: redis, workerPort: workerPort))
            return try SpawnedProcess(
                [try BuiltCommand.path, "gateway", "--config", file], log: folder.file("gateway-\(place).log"))
        }
        for place in ports.indices {
            try Deadline.wait(for: "gateway \(place)", milliseconds: Deadline.startMilliseconds) {
                folder.tail(of: "gateway-\(place).log").contains("listening")
            }
        }
        return processes
    }

    private static func configuration(_ port: Int, redis: RedisServer, workerPort: Int) throws -> String {
        """
        listen: { http: "127.0.0.1:\(port)" }
        admin: { http: "127.0.0.1:\(try FreePorts.next(1)[0])" }
        eventLoops: 1
        store: { redis: { url: "redis://127.0.0.1:\(redis.port)", sealFile: seal, budgetMilliseconds: 50 } }
        authentication:
          issuers: [{ issuer: "https://idp.example.com", audiences: [intentusnet], jwks: { file: jwks.json } }]
        policy: { files: [policy.yaml] }
        audit: { output: none }
        log: { level: notice }
        agents:
          - name: fixed
            intents: [{ name: SummarizeIntent, version: "1.0" }]
            instances: [{ url: "http://127.0.0.1:\(workerPort)/execute-agent" }]

        """
    }

    private static func workerConfiguration(_ port: Int, _ folder: PrivateFolder) -> String {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.file($0));" }
        return """
            daemon off; master_process off; pid \(folder.file("nginx.pid")); error_log \(folder.file("error.log"));
            events { worker_connections 4096; }
            http { access_log off; keepalive_requests 100000000; \(paths.joined(separator: " "))
              server { listen 127.0.0.1:\(port) backlog=1024;
                location / { default_type application/json; return 200 '\(answer)'; } } }
            """
    }

    private static func calls(_ redis: RedisServer) throws -> Int {
        let fields = try redis.info("commandstats")
        return ["cmdstat_evalsha", "cmdstat_eval", "cmdstat_fcall"].reduce(0) { sum, name in
            let count = fields[name].flatMap { $0.firstMatch(of: #/calls=(\d+)/#) }.flatMap { Int($0.1) }
            return sum + (count ?? 0)
        }
    }

    private static func cpu(_ process: SpawnedProcess) -> Double { cpuSeconds(process.identifier) }

    /// The fields of a process behind its name: state, …, user and system time in hundredths of a second.
    private static func fields(_ identifier: Int32) -> [Substring] {
        guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func cpuSeconds(_ identifier: Int32) -> Double {
        let fields = fields(identifier)
        guard fields.count > 12 else { return 0 }
        return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100
    }

    /// Seconds of all cores since the machine began: idle, and everything else.
    private static func machine() -> (idle: Double, busy: Double) {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        let times = (text.split(separator: "\n").first ?? "").split(separator: " ").dropFirst().prefix(8)
            .map { (Double($0) ?? 0) / 100 }
        guard times.count == 8 else { return (0, 0) }
        let idle = times[3] + times[4]
        return (idle, times.reduce(0, +) - idle)
    }

    private static func hasEnded(_ identifier: Int32) -> Bool { fields(identifier).first.map { $0 == "Z" } ?? true }
}
