import DevelopmentIssuer
import Foundation
import RedisFixtures
import Synchronization

/// Gateway processes that share a store, a policy and a worker; each is ended by its id.
final class GatewayCluster: Sendable {
    struct Node: Sendable {
        let port: Int
        let adminPort: Int
        let process: SpawnedProcess
    }

    /// What every request allows for its answer.
    ///
    /// A machine that is busy with other things may stand still for a second; the full form is for one that is not.
    static let deadlineMilliseconds = Soak.isOn ? 1_000 : 5_000
    static let issuer = "https://idp.example.com"

    private let folder: PrivateFolder
    private let key: DevelopmentKey
    private let policy: String
    private let workerPort: Int
    private let keySource: String
    private let state = Mutex<[Node]>([])

    /// Every node that was started, in that order.
    var nodes: [Node] { state.withLock { $0 } }

    /// - Parameter keySource: the `jwks:` of the issuer; the file that this makes unless it is told otherwise.
    init(policy: String, workerPort: Int, keySource: String = "{ file: jwks.json }") throws {
        folder = try PrivateFolder()
        key = try DevelopmentKey(keyId: "k1")
        self.policy = try folder.write("policy.yaml", policy)
        _ = try folder.write("jwks.json", try key.jwks())
        self.workerPort = workerPort
        self.keySource = keySource
    }

    deinit { for node in nodes { node.process.kill9() } }

    /// The compiler of the Swift toolchain; nil where it is not in the PATH.
    static let compiler: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/clang" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Compiles the library that puts a process's wall clock off.
    private func fakeClock() throws -> String {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Tools/wall_clock_off.c").path
        let library = folder.file("libwall_clock_off.so")
        guard let compiler = Self.compiler else { throw FixtureError("clang is not in the PATH") }
        _ = try SpawnedProcess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], in: folder)
        return library
    }

    var jwks: String { get throws { try key.jwks() } }

    /// The executable of the test run, or the one that the environment names.
    static var executable: String {
        get throws {
            if let named = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_GATEWAY"], !named.isEmpty {
                return named
            }
            return try BuiltCommand.path
        }
    }

    /// Starts a gateway and waits until it is ready.
    ///
    /// - Parameters:
    ///   - store: the `store:` of its configuration.
    ///   - clock: seconds by which its wall clock is off.
    @discardableResult
    func start(store: String, clockOffSeconds: Int = 0) throws -> Node {
        let (port, adminPort) = (try FreePorts.next(), try FreePorts.next())
        let number = nodes.count
        let file = try folder.write(
            "gateway-\(number).yaml",
            """
            listen: { http: "127.0.0.1:\(port)" }
            admin: { http: "127.0.0.1:\(adminPort)" }
            eventLoops: 1
            store: \(store)
            authentication:
              issuers:
                - issuer: \(Self.issuer)
                  audiences: [intentusnet]
                  jwks: \(keySource)
            policy: { files: [policy.yaml] }
            audit: { output: none }
            log: { level: notice }
            agents:
              - name: fixed
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:\(workerPort)/execute-agent" }]
            """)
        let clock =
            clockOffSeconds == 0
            ? [] : ["env", "LD_PRELOAD=\(try fakeClock())", "WALL_CLOCK_OFF_SECONDS=\(clockOffSeconds)"]
        let process = try SpawnedProcess(
            clock + [try Self.executable, "gateway", "--config", file], log: folder.file("gateway-\(number).log"))
        let node = Node(port: port, adminPort: adminPort, process: process)
        state.withLock { $0.append(node) }
        do {
            try Deadline.wait(for: "gateway \(number)", milliseconds: 20_000) {
                try PlainHTTP.get("/health/ready", port: node.adminPort).contains(" 200 ")
            }
        } catch {
            throw FixtureError("\(error); its log ends: \(folder.tail(of: "gateway-\(number).log"))")
        }
        return node
    }

    /// Waits until every living node knows how many there are.
    func waitForMembers(_ count: Int, among living: [Node]) throws {
        try Deadline.wait(for: "\(count) nodes in the list", milliseconds: 15_000) {
            try living.allSatisfy { try Self.metric("intentusnet_nodes", $0) == Double(count) }
        }
    }

    /// A whole request of a tenant.
    func request(tenant: String) throws -> [UInt8] {
        let token = try key.sign(
            DevelopmentClaims(
                issuer: Self.issuer, audience: "intentusnet", subject: "alice", roles: ["user"], tenant: tenant,
                lifetimeSeconds: 3_600, now: Date(timeIntervalSinceNow: -300)))
        let body = """
            {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"hello"},\
            "context":{"sourceAgent":"client","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":[]},\
            "metadata":{"requestId":"9f6c1e4e-6a5b-4a1e-8f0a-0d6f1d1c2b3a","source":"client",\
            "createdAt":"2026-11-23T03:00:00Z","traceId":"0af7651916cd43dd8448eb211c80319c","identityChain":[]},\
            "routing":{"strategy":"direct","targetAgent":null,"fallbackAgents":[]},\
            "routingMetadata":{"decisionPath":[],"retries":0}}
            """
        return Array(
            """
            POST /api/v1/intent HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer \(token)\r\n\
            content-type: application/json\r\nx-intentus-timeout-ms: \(Self.deadlineMilliseconds)\r\n\
            content-length: \(body.utf8.count)\r\n\r\n\(body)
            """.utf8)
    }

    /// The end of a node's log.
    func log(_ number: Int) -> String { folder.tail(of: "gateway-\(number).log", characters: 2_000) }

    static func metric(_ name: String, _ node: Node) throws -> Double? {
        try PlainHTTP.get("/metrics", port: node.adminPort).split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
    }
}
