import DevelopmentIssuer
import Foundation
import LoadClient
import RedisFixtures
import Synchronization

/// Gateways as processes of their own, with one policy and one worker behind all of them.
final class GatewayCluster: Sendable {
    /// Where a gateway runs and what it is told apart from the others.
    struct Place: Sendable {
        /// The `store:` of its configuration.
        var store: String
        var host = "127.0.0.1"
        /// Where the worker is, seen from there.
        var workerHost = "127.0.0.1"
        /// Words before the command, such as those that give it another clock.
        var prefix: [String] = []
    }

    static let issuer = "https://idp.example.com"
    static let agentAnswer = """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success",\
        "payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}
        """
    /// What every request carries.
    static let envelope = """
        {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"hello"},\
        "context":{"sourceAgent":"load","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":[]},\
        "metadata":{"requestId":"req-1","source":"load","createdAt":"2026-11-23T03:00:00Z","traceId":null,\
        "identityChain":[]}}
        """
    private static let key = Result { try DevelopmentKey(keyId: "k1") }

    let limits: [TenantLimit]
    let worker: FixedServer
    let ports: [Int]
    let hosts: [String]
    private let folder: PrivateFolder
    private let places: [Place]
    private let processes: Mutex<[SpawnedProcess?]>
    private let adminPorts: [Int]
    private let extra: String

    /// Writes the files of the gateways; none is started.
    ///
    /// - Parameters:
    ///   - keySetURL: where the issuer is; without one its keys come from a file.
    ///   - extra: more keys of each configuration.
    ///   - files: files beside the configurations, which they may name.
    init(
        _ places: [Place], limits: [TenantLimit], keySetURL: String? = nil, extra: String = "",
        files: [String: String] = [:]
    ) throws {
        self.places = places
        self.extra = extra
        adminPorts = try FreePorts.next(places.count)
        self.limits = limits
        hosts = places.map(\.host)
        folder = try PrivateFolder()
        worker = try FixedServer(host: "0.0.0.0", body: Self.agentAnswer)
        ports = try FreePorts.next(places.count)
        processes = Mutex(places.map { _ in nil })
        _ = try folder.write("jwks.json", Self.jwks())
        _ = try folder.write("seal", "the seal of all gateways of a test")
        let rules = limits.map(\.rule).joined(separator: "\n")
        _ = try folder.write("policy.yaml", "default: deny\nrules:\n\(rules)\n")
        for (name, text) in files { _ = try folder.write(name, text) }
        for (index, place) in places.enumerated() {
            let text = configuration(place, index, keySetURL: keySetURL)
            _ = try folder.write("gateway-\(index).yaml", text)
        }
    }

    /// The `store:` of a gateway that uses one Redis.
    static func store(host: String = "127.0.0.1", port: Int) -> String {
        store(#"url: "redis://\#(host):\#(port)""#)
    }

    /// The `store:` of a gateway, with the budget that the scale allows.
    static func store(_ place: String) -> String {
        "{ redis: { \(place), sealFile: seal, budgetMilliseconds: \(Scale.budgetMilliseconds) } }"
    }

    /// Gateways in front of one store, all started.
    static func started(
        _ count: Int, store: String, limits: [TenantLimit], spare: Int = 0, extra: String = "",
        files: [String: String] = [:]
    ) throws -> GatewayCluster {
        let cluster = try GatewayCluster(
            Array(repeating: Place(store: store), count: count + spare), limits: limits, extra: extra, files: files)
        try cluster.start(Array(0..<count))
        return cluster
    }

    /// The public half of the issuer's key.
    static func jwks() throws -> String { try key.get().jwks() }

    /// Starts some gateways at once and waits until they listen.
    func start(_ indices: [Int]) throws {
        let binary = try BuiltCommand.path
        for index in indices {
            let words = places[index].prefix + [binary, "gateway", "--config", folder.file("gateway-\(index).yaml")]
            let process = try SpawnedProcess(words, log: folder.file("gateway-\(index).log"))
            processes.withLock { $0[index] = process }
        }
        for index in indices {
            do {
                try Deadline.wait(for: "gateway \(index)", milliseconds: Deadline.startMilliseconds) {
                    let isOver = processes.withLock { $0[index]?.isRunning == false }
                    return isOver || log(of: index).contains("listening")
                }
            } catch {
                throw FixtureError("\(error)\n\(log(of: index))")
            }
            guard log(of: index).contains("listening") else {
                throw FixtureError("gateway \(index) ended when it had just started: \(log(of: index))")
            }
        }
    }

    /// Ends a gateway as a crash does.
    func kill9(_ index: Int) { processes.withLock { $0[index].take() }?.kill9() }

    /// Ends all of them and the worker.
    func stop() {
        for index in places.indices { kill9(index) }
        worker.stop()
    }

    /// What a gateway wrote last.
    func log(of index: Int) -> String { folder.tail(of: "gateway-\(index).log", characters: 4_000) }

    /// What a gateway took for the date when it wrote its first line.
    func startDate(of index: Int) -> Date? {
        let text = String(log(of: index).prefix { !$0.isWhitespace })
        return try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// A load of all tenants over some gateways.
    ///
    /// - Parameter weights: of the gateways, in their order.
    func plan(weights: [Int]) throws -> LoadPlan {
        let targets = weights.enumerated().map { LoadTarget(host: hosts[$0], port: ports[$0], weight: $1) }
        var plan = LoadPlan(
            targets: targets, requests: try limits.map { try Self.request(of: $0) },
            requestsPerSecond: limits.reduce(0) { $0 + $1.perSecond })
        plan.lateAfterMilliseconds = Scale.deadlineMilliseconds + 50
        return plan
    }

    private static func request(of limit: TenantLimit) throws -> LoadRequest {
        let head = [
            "POST /api/v1/intent HTTP/1.1", "host: gateway", "content-type: application/json",
            "content-length: \(envelope.utf8.count)", "authorization: Bearer \(try token(tenant: limit.tenant))",
            "x-intentus-timeout-ms: \(Scale.deadlineMilliseconds)",
        ]
        let text = head.joined(separator: "\r\n") + "\r\n\r\n" + envelope
        return LoadRequest(name: limit.tenant, bytes: Array(text.utf8), weight: limit.perSecond)
    }

    /// The path of a file beside the configurations.
    func file(_ name: String) -> String { folder.file(name) }

    /// A token of the issuer, for some tenant or for an operator.
    static func token(subject: String = "load", role: String = "user", tenant: String) throws -> String {
        // Issued a while ago, so that a node whose clock is behind does not take it for one of the future.
        try key.get().sign(
            DevelopmentClaims(
                issuer: issuer, audience: "intentusnet", subject: subject, roles: [role], tenant: tenant,
                lifetimeSeconds: 7_200, now: Date(timeIntervalSinceNow: -600)))
    }

    /// Posts to the admin API of a gateway, as an administrator.
    func administer(_ index: Int, _ path: String) throws -> String {
        let token = try Self.token(subject: "operator", role: "intentusnet-admin", tenant: "operators")
        return try PlainHTTP.post("/admin/v1/\(path)", token: token, port: adminPorts[index])
    }

    private func configuration(_ place: Place, _ index: Int, keySetURL: String?) -> String {
        let keys = keySetURL.map { "{ url: \"\($0)\" }" } ?? "{ file: jwks.json }"
        return """
            listen: { http: "\(place.host):\(ports[index])" }
            admin: { http: "127.0.0.1:\(adminPorts[index])", access: { failuresPerMinute: 1000 } }
            eventLoops: 1
            store: \(place.store)
            authentication:
              issuers:
                - issuer: \(Self.issuer)
                  audiences: [intentusnet]
                  jwks: \(keys)
            policy: { files: [policy.yaml] }
            audit: { output: none }
            log: { level: notice }
            agents:
              - name: fixed
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://\(place.workerHost):\(worker.port)/execute-agent" }]
            \(extra)

            """
    }
}

extension RedisServer {
    /// The `store:` of a gateway that uses it.
    var store: String { GatewayCluster.store(port: port) }
}
