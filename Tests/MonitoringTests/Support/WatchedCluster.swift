import DevelopmentAuthority
import Foundation
import LoadClient
import RedisFixtures

/// Three gateways before one Redis and one worker, each with something that can break, under a small load, and a real Prometheus
/// that watches them.
final class WatchedCluster: Sendable {
    /// What the third issuer is called, which nobody serves until a test does.
    static let missingIssuer = "https://missing.example.com"
    static let staleIssuer = "https://stale.example.com"

    let gateways: [MonitoredGateway]
    let redis: RedisServer
    let worker: BehavingWorker
    let certificates: ShortLivedCertificates
    let prometheus: Prometheus
    let load: LoadClient
    /// Where the issuers are, and the receiver of traces.
    let stalePort: Int
    let missingPort: Int
    let tracesPort: Int

    /// - Parameter perSecond: requests over all gateways.
    init(perSecond: Int) throws {
        gateways = try (0..<3).map { _ in try MonitoredGateway() }
        redis = try RedisServer.started()
        worker = try BehavingWorker()
        certificates = try ShortLivedCertificates()
        (stalePort, missingPort, tracesPort) = (try FreePorts.next(), try FreePorts.next(), try FreePorts.next())
        let certificate = try certificates.issue(remainingSeconds: 7_200)
        _ = try gateways[0].folder.write("ring.json", try RingFile.text(endsInSeconds: 200_000))
        let store = "store: { redis: { url: \"redis://127.0.0.1:\(redis.port)\", budgetMilliseconds: 50 } }\n"
        let workerTLS =
            "trustBundleFiles: [\"\(certificates.authorityFile)\"], certificateFile: \"\(certificate.certificateFile)\", "
            + "keyFile: \"\(certificate.keyFile)\""
        try gateways[0].configure(
            workerPort: worker.port,
            extra: store + """
                routing: { upstream: { tls: { \(workerTLS) } } }
                emcl: { keyRingFile: ring.json, clients: accepted, rotation: { leadSeconds: 1, graceSeconds: 1 } }
                audit: { output: none }
                """)
        try gateways[1].configure(
            workerPort: worker.port,
            extra: store + """
                audit: { output: file, file: audit.jsonl, bufferBytesMax: 1048576 }
                traces: { endpoint: "http://127.0.0.1:\(tracesPort)/v1/traces", keptPerMillion: 1000000, queueSpansMax: 512 }
                """)
        try gateways[2].configure(
            workerPort: worker.port,
            issuers: """
                    - { issuer: "\(Self.staleIssuer)", audiences: [a], jwks: { url: "http://127.0.0.1:\(stalePort)/k", refreshSeconds: 60 } }
                    - { issuer: "\(Self.missingIssuer)", audiences: [a], jwks: { url: "http://127.0.0.1:\(missingPort)/k" } }
                """,
            extra: store + "audit: { output: none }")
        let issuer = try FixedServer(port: stalePort, body: try MonitoredGateway.jwks())
        defer { issuer.stop() }
        let missing = try FixedServer(port: missingPort, body: try MonitoredGateway.jwks())
        defer { missing.stop() }
        try worker.start()
        for gateway in gateways { try gateway.start() }
        prometheus = try Prometheus(rules: try RuleFile().shortened(), targets: gateways.map(\.adminPort))
        // A caller that keeps its traces, so that exemplars have something to point to.
        let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let request = MonitoredGateway.request(token: try MonitoredGateway.token(), more: [trace])
        var plan = LoadPlan(
            targets: gateways.map { LoadTarget(port: $0.port, weight: 1) },
            requests: [LoadRequest(name: "usual", bytes: request)], requestsPerSecond: perSecond)
        plan.connectionsPerTarget = 8
        load = try LoadClient(plan)
        try load.start(phase: "watched")
    }

    /// Ends everything.
    func stop() {
        _ = try? load.finish()
        prometheus.stop()
        for gateway in gateways { gateway.kill9() }
        try? worker.stop()
    }

    /// Waits until each of these alerts is firing, and gives what else fires by then.
    func waitUntilFiring(_ names: Set<String>, seconds: Int) throws -> Set<String> {
        var firing: Set<String> = []
        do {
            try Deadline.wait(for: "", milliseconds: seconds * 1_000) {
                firing = Set(try prometheus.firing().map(\.name))
                return names.isSubset(of: firing)
            }
        } catch {
            throw FixtureError(
                "not firing: \(names.subtracting(firing).sorted()); firing: \(firing.sorted()); \(error)")
        }
        return firing
    }

    /// Waits until none of these alerts is firing.
    func waitUntilSilent(_ names: Set<String>, seconds: Int) throws {
        var firing: [Prometheus.Alert] = []
        do {
            try Deadline.wait(for: "", milliseconds: seconds * 1_000) {
                firing = try prometheus.firing().filter { names.contains($0.name) }
                return firing.isEmpty
            }
        } catch {
            throw FixtureError("still firing: \(firing.map(\.labels)); \(error)")
        }
    }
}
