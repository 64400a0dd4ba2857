import DevelopmentIssuer
import Foundation
import LoadGenerator
import RedisFixtures

/// Three gateways with a quarter of a core each, and a worker, Redis and the generator on another core, as processes.
///
/// Nodes of a cluster share their cores with nobody. Here all gateways are held on one core and everything else on another, so
/// that only the quotas are used up.
final class MeasuredCluster {
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
        /// Of the gateways that were called.
        var gateway: Double
        var worker: Double
        var redis: Double
        var generator: Double
        /// Script calls of Redis, those among them that nodes make without requests.
        var callsPerSecond: Double
        var limitCallsPerSecond: Double { callsPerSecond - Double(MeasuredCluster.nodes) * idleCallsPerNode }
        var limitCallsPerRequest: Double { limitCallsPerSecond / answeredPerSecond }
    }

    static let nodes = 3
    /// A second, for the list of nodes and the directory.
    static let idleCallsPerNode = 3.0
    /// Of a core.
    static let quota = 0.25
    static let isPossible =
        ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1" && RedisServer.isInstalled
        && FileManager.default.isExecutableFile(atPath: NginxServer.path) && CPUQuota.isPossible
        && ProcessInfo.processInfo.activeProcessorCount > 1
    static let needs = "needs INTENTUSNET_SOAK, redis-server, nginx, two cores, and control groups that we may make"

    private static let seconds = 2
    private static let (coreOfGateways, coreOfOthers) = ("0", "1")
    private static let answer =
        #"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success","payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}"#

    private let folder: PrivateFolder
    private let redis: RedisServer
    private let worker: SpawnedProcess
    private let ports: [Int]
    private let gateways: [SpawnedProcess]
    private let quotas: [CPUQuota]

    init(_ limit: Limit) throws {
        folder = try PrivateFolder()
        redis = try RedisServer.started()
        let workerPort = try FreePorts.next()
        worker = try Self.pinned(
            try NginxServer.words(workerPort, answer: Self.answer, in: folder), Self.coreOfOthers,
            log: folder.file("nginx.log"))
        _ = try SpawnedProcess.run(
            ["taskset", "-a", "-p", "-c", Self.coreOfOthers, "\(redis.processIdentifier ?? 0)"], in: folder)
        ports = try FreePorts.next(Self.nodes)
        try Self.writeFiles(limit, folder)
        gateways = try Self.started(ports, folder, redis: redis, workerPort: workerPort)
        quotas = try gateways.map { try CPUQuota(Self.quota, of: $0) }
    }

    deinit {
        for process in gateways + [worker] { process.kill9() }
        for quota in quotas { quota.remove() }
    }

    /// Drives so many of the nodes, by default as hard as 32 requests in flight for each can.
    func measure(nodes: Int, ratePerNode: Int = 20_000) async throws -> Costs {
        let measured = gateways[..<nodes].map(\.identifier) + [worker.identifier, Int32(redis.processIdentifier ?? 0)]
        let before = measured.map(ProcessTimes.cpuSeconds)
        let callsBefore = try calls()
        let (result, generator) = try await load(Array(ports[..<nodes]), rate: ratePerNode * nodes)
        let used = zip(measured.map(ProcessTimes.cpuSeconds), before).map { $0 - $1 }
        let requests = Double(result.total.answered)
        guard result.total.ok == result.total.answered, requests > 0 else {
            throw FixtureError(LoadSummary.text(result))
        }
        return Costs(
            answeredPerSecond: result.answeredPerSecond,
            gateway: used[..<nodes].reduce(0, +) * 1e6 / requests, worker: used[nodes] * 1e6 / requests,
            redis: used[nodes + 1] * 1e6 / requests, generator: generator * 1e6 / requests,
            callsPerSecond: Double(try calls() - callsBefore) / result.seconds)
    }

    private func load(_ ports: [Int], rate: Int) async throws -> (result: LoadResult, cpuSeconds: Double) {
        let words = [
            try BuiltCommand.path, "load", "--rate", "\(rate)", "--duration", "\(Self.seconds)s", "--intent",
            "SummarizeIntent", "--payload", #"{"text":"hello"}"#, "--token", "@\(folder.file("token"))",
            "--connections", "32", "--in-flight-max", "\(32 * ports.count)", "--quiet",
            "--json", folder.file("result.json"),
        ]
        let process = try Self.pinned(
            words + ports.flatMap { ["--gateway", "http://127.0.0.1:\($0)"] }, Self.coreOfOthers,
            log: folder.file("load.log"))
        // Its times are told as long as nobody has waited for its end.
        for _ in 0..<3_000 where !ProcessTimes.hasEnded(process.identifier) {
            try await Task.sleep(for: .milliseconds(10))
        }
        let used = ProcessTimes.cpuSeconds(process.identifier)
        _ = try process.waitForEnd(milliseconds: 1_000)
        guard let data = FileManager.default.contents(atPath: folder.file("result.json")) else {
            throw FixtureError(folder.tail(of: "load.log"))
        }
        return (try JSONDecoder().decode(LoadResult.self, from: data), used)
    }

    private func calls() throws -> Int {
        let fields = try redis.info("commandstats")
        return ["cmdstat_evalsha", "cmdstat_eval", "cmdstat_fcall"].reduce(0) { sum, name in
            let count = fields[name].flatMap { $0.firstMatch(of: #/calls=(\d+)/#) }.flatMap { Int($0.1) }
            return sum + (count ?? 0)
        }
    }
}

extension MeasuredCluster {
    private static func pinned(_ words: [String], _ core: String, log: String) throws -> SpawnedProcess {
        try SpawnedProcess(["taskset", "-c", core] + words, log: log)
    }

    private static func writeFiles(_ limit: Limit, _ folder: PrivateFolder) throws {
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
    }

    private static func started(
        _ ports: [Int], _ folder: PrivateFolder, redis: RedisServer, workerPort: Int
    ) throws -> [SpawnedProcess] {
        let processes = try ports.enumerated().map { place, port in
            let file = try folder.write(
                "gateway-\(place).yaml", try configuration(port, redis: redis, workerPort: workerPort))
            return try pinned(
                [try BuiltCommand.path, "gateway", "--config", file], coreOfGateways,
                log: folder.file("gateway-\(place).log"))
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
}
