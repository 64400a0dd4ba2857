import Foundation
import LoadClient
import RedisFixtures
import Testing

/// A real Prometheus evaluates the rules over three real gateways; each alert is made to fire by its fault, and to clear by its
/// remedy. Windows and `for` are shorter than shipped (see `RuleFile.shortened`), the rest is as shipped.
@Suite(
    "Alerts, caused", .serialized,
    .enabled(if: Prometheus.isInstalled && RedisServer.isInstalled, "prometheus or redis-server is not installed"))
struct AlertTests {
    @Test("every alert fires by its fault and clears by its remedy, and nothing fires while nothing is wrong")
    func all() async throws {
        let seen = try await offPool {
            let cluster = try WatchedCluster(perSecond: 60)
            defer { cluster.stop() }
            return try Run(cluster: cluster).everything()
        }
        let never = Set(try RuleFile().alerts).subtracting(seen)
        #expect(never.isEmpty, "never fired: \(never)")
    }

    private final class Run {
        let cluster: WatchedCluster
        var seen: Set<String> = []
        private var issuing: [FixedServer] = []
        private let began = ContinuousClock.now

        init(cluster: WatchedCluster) { self.cluster = cluster }

        func everything() throws -> Set<String> {
            defer { for server in issuing { server.stop() } }
            try quiet()
            try files()
            try audit()
            try workers()
            try issuers()
            try redis()
            try nodes()
            return seen
        }

        /// Causes faults, waits for their alerts, heals, and waits until they are over.
        private func step(
            _ name: String, _ alerts: Set<String>, within seconds: Int = 25, cause: () throws -> Void,
            heal: () throws -> Void
        ) throws {
            let start = ContinuousClock.now
            try cause()
            let firing = try cluster.waitUntilFiring(alerts, seconds: seconds)
            let fired = ContinuousClock.now
            seen.formUnion(firing)
            try heal()
            try cluster.waitUntilSilent(alerts, seconds: seconds)
            print("alerts, \(name): fired after \(start.duration(to: fired)), clear after \(fired.duration(to: .now))")
        }

        private func quiet() throws {
            // Long enough for every window to be full.
            let end = ContinuousClock.now + .seconds(8)
            while ContinuousClock.now < end {
                let firing = try cluster.prometheus.firing()
                guard firing.isEmpty else { throw FixtureError("nothing is wrong, and yet: \(firing.map(\.labels))") }
                Thread.sleep(forTimeInterval: 0.25)
            }
            let exemplars = try cluster.prometheus.exemplars(of: "intentusnet_request_duration_fine_seconds_bucket")
            guard exemplars.contains("4bf92f3577b34da6a3ce929d0e0e4736") else {
                throw FixtureError("no exemplars: \(exemplars)")
            }
        }

        /// A policy that cannot be read, a certificate that ends, keys without a successor.
        private func files() throws {
            let gateway = cluster.gateways[0]
            try step(
                "files",
                [
                    "IntentusnetConfigReloadFailed", "IntentusnetCertificateExpiring",
                    "IntentusnetCertificateExpiresNow",
                    "IntentusnetKeyRotationOverdue", "IntentusnetPartDegraded",
                ],
                cause: {
                    _ = try gateway.folder.write("policy.yaml", "default: perhaps\n")
                    _ = try cluster.certificates.issue(remainingSeconds: 150)
                    _ = try gateway.folder.write("ring.json", try RingFile.text(endsInSeconds: 3_600))
                },
                heal: {
                    _ = try gateway.folder.write("policy.yaml", MonitoredGateway.policy)
                    _ = try cluster.certificates.issue(remainingSeconds: 7_200)
                    try gateway.administer("keys/rotate")
                })
        }

        /// A disk that takes no more, and a receiver of traces that is not there.
        private func audit() throws {
            let gateway = cluster.gateways[1]
            var receiver: FixedServer?
            defer { receiver?.stop() }
            try step(
                "audit and traces",
                ["IntentusnetAuditLoss", "IntentusnetAuditOutputDown", "IntentusnetTraceSpansDropped"],
                cause: {
                    try limit(gateway, fileBytes: "0")
                    // Each refusal is a record and a span.
                    try refusals(6_000, at: gateway.port)
                },
                heal: {
                    try limit(gateway, fileBytes: "unlimited")
                    receiver = try FixedServer(port: cluster.tracesPort, body: "{}")
                })
        }

        /// A worker that fails, is slow, or is gone.
        private func workers() throws {
            let worker = cluster.worker
            try step(
                "a worker that fails",
                ["IntentusnetErrorRateHigh", "IntentusnetErrorBudgetBurnFast", "IntentusnetErrorBudgetBurnSlow"],
                cause: { worker.become(.fails) }, heal: { worker.become(.answers) })
            try step(
                "a slow worker", ["IntentusnetLatencyHigh"], cause: { worker.become(.isSlow) },
                heal: { worker.become(.answers) })
            try step(
                "no worker", ["IntentusnetAgentWithoutInstance"], within: 40, cause: { try worker.stop() },
                heal: { try worker.start() })
        }

        /// Redis nearly full, full, then away. A node remembers for five minutes that Redis evicted, so that comes second.
        private func redis() throws {
            let redis = cluster.redis
            let used = Int(try redis.info("memory")["used_memory"] ?? "") ?? 0
            try step(
                "Redis nearly full", ["IntentusnetRedisMemoryAlarm"], within: 40,
                cause: { _ = try redis.order("CONFIG", "SET", "maxmemory", "\(used / 100 * 106)") },
                heal: { _ = try redis.order("CONFIG", "SET", "maxmemory", "0") })
            try step(
                "Redis full", ["IntentusnetRedisEvicting"], within: 40,
                cause: {
                    _ = try redis.order("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
                    _ = try redis.order("CONFIG", "SET", "maxmemory", "\(used + 500_000)")
                    let junk = String(repeating: "x", count: 10_000)
                    for index in 0..<200 { _ = try redis.order("SET", "junk:\(index)", junk) }
                },
                heal: {
                    _ = try redis.order("CONFIG", "SET", "maxmemory", "0")
                    _ = try redis.order("CONFIG", "SET", "maxmemory-policy", "noeviction")
                })
            try step(
                "Redis away", ["IntentusnetRedisAway", "IntentusnetLimiterDegraded"], cause: { redis.kill9() },
                heal: { try redis.start() })
        }

        /// A node that is drained, and one that is dead; when it comes back, the keys of an issuer are not to be had.
        private func nodes() throws {
            try step(
                "a drained node", ["IntentusnetNodeNotReady"],
                cause: { try cluster.gateways[1].administer("node/drain") },
                heal: { try cluster.gateways[1].administer("node/undrain") })
            try step(
                "a dead node", ["IntentusnetNodeDown"], cause: { cluster.gateways[2].kill9() },
                heal: { try cluster.gateways[2].start() })
            try step(
                "an issuer that a node never saw", ["IntentusnetKeysMissing"], cause: {},
                heal: { try serve(WatchedCluster.missingIssuer, on: cluster.missingPort) })
        }

        /// An issuer that has been away for so long that its keys are not fresh any more: a minute at least.
        private func issuers() throws {
            let left = 62 - Int(began.duration(to: .now).components.seconds)
            try step(
                "an issuer that is away", ["IntentusnetKeysStale"], within: max(20, left + 10), cause: {},
                heal: { try serve(WatchedCluster.staleIssuer, on: cluster.stalePort) })
        }

        private func serve(_ issuer: String, on port: Int) throws {
            issuing.append(try FixedServer(port: port, body: try MonitoredGateway.jwks()))
            try cluster.gateways[2].administer("jwks/refresh", #"{"issuer":"\#(issuer)"}"#)
        }

        private func limit(_ gateway: MonitoredGateway, fileBytes: String) throws {
            _ = try SpawnedProcess.run(
                ["prlimit", "--pid", "\(gateway.identifier)", "--fsize=\(fileBytes):unlimited"], in: gateway.folder)
        }

        /// Requests without a token, fifty on each connection.
        private func refusals(_ count: Int, at port: Int) throws {
            let request = MonitoredGateway.request(token: nil)
            let batch =
                Array(repeatElement(request, count: 49).joined())
                + MonitoredGateway.request(token: nil, more: ["connection: close"])
            for _ in 0..<(count / 50) { _ = try PlainHTTP.exchange(batch, port: port) }
        }
    }
}
