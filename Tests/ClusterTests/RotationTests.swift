import Encryption
import LoadClient
import RedisFixtures
import Testing

/// Keys of envelopes change every two seconds, at three gateways, while clients seal by them.
@Suite("Rotation under load", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RotationTests {
    private static let tenant = "sealed"
    private static let graceSeconds: Int64 = 4
    private static let everyMilliseconds = 2_000
    private static let rotations = Scale.of(4, soak: 30)
    private static let perSecond = Scale.of(100, soak: 1_000)

    private struct Outcome: Sendable {
        var report: LoadReport
        var refusedRotations: [String]
        var counts: [String: Int]
        /// The statuses of requests that the first key sealed: in its grace, and when it was over, by gateway.
        var inGrace: [Int]
        var afterGrace: [Int]
        var forwarded: Int
    }

    @Test("rotating every 2 s fails no request, and after its grace the old key opens nothing")
    func rotation() async throws {
        let outcome = try await offPool { try Self.run() }
        let all = outcome.report.sum()
        print(
            "rotation: \(all.sent) sealed requests in \(outcome.report.nanoseconds / 1_000_000) ms over 3 gateways, "
                + "\(Self.rotations) rotations, \(outcome.counts.count) keys sealed; statuses \(all.statuses), "
                + "p99 \(milliseconds(all.latency.quantileMicroseconds(0.99))), \(all.late) late; \(lag(outcome.report))"
        )
        #expect(outcome.refusedRotations.isEmpty)
        #expect(all.statuses == [200: all.sent], "a request failed")
        #expect(all.connectionFailures == 0 && all.unanswered == 0)
        #expect(outcome.counts.count >= Self.rotations, "\(outcome.counts)")
        #expect(outcome.inGrace == [200, 200, 200])
        #expect(outcome.afterGrace == [400, 400, 400])
        #expect(outcome.forwarded == all.sent + 3, "what was answered reached the worker once")
    }

    private static func run() throws -> Outcome {
        let redis = try RedisServer.started()
        let first = try firstKey()
        let cluster = try GatewayCluster(
            Array(repeating: GatewayCluster.Place(store: store(redis)), count: 3),
            limits: [TenantLimit(tenant: tenant, perMinute: 0, burst: 0, perSecond: perSecond)],
            extra: "emcl: { keyRingFile: ring.json, clients: required, "
                + "rotation: { leadSeconds: 2, graceSeconds: \(graceSeconds) } }",
            files: ["ring.json": KeyRingDocument.text(of: first)])
        defer { cluster.stop() }
        try cluster.start([0, 1, 2])
        let clients = try SealingClients(first, tenant: tenant)
        let targets = cluster.ports.map { LoadTarget(port: $0, weight: 1) }
        var plan = LoadPlan(
            targets: targets, requests: [LoadRequest(name: tenant, making: clients.request)],
            requestsPerSecond: perSecond)
        plan.lateAfterMilliseconds = Scale.deadlineMilliseconds + 50
        let load = try LoadClient(plan)
        try load.start(phase: "rotating")
        var refused: [String] = []
        var inGrace: [Int] = []
        for turn in 0..<rotations {
            let began = LoadClient.now()
            // Any gateway will do: they share the file, and the others are told.
            let answer = try cluster.administer(turn % 3, "keys/rotate")
            if !answer.hasPrefix("HTTP/1.1 200") { refused.append(answer) }
            try clients.take(cluster.file("ring.json"))
            // The first key seals no more by now, and still opens.
            if turn == 2 { inGrace = try statuses(cluster, clients.sealed(by:), first) }
            let left = everyMilliseconds - Int((LoadClient.now() - began) / 1_000_000)
            if left > 0 { keepRunning(milliseconds: left) }
        }
        let report = try load.finish()
        let end = SealingClients.now + graceSeconds * 1_000
        while SealingClients.now < min(end, try endOfFirst(cluster)) { keepRunning(milliseconds: 50) }
        let afterGrace = try statuses(cluster, clients.sealed(by:), first)
        return Outcome(
            report: report, refusedRotations: refused, counts: clients.counts, inGrace: inGrace,
            afterGrace: afterGrace, forwarded: cluster.worker.requestCount)
    }

    /// A soak keeps to the default budget; a debug build on a machine that is busy with the tests gets more time.
    private static func store(_ redis: RedisServer) -> String {
        #"{ redis: { url: "redis://127.0.0.1:\#(redis.port)", budgetMilliseconds: \#(Scale.budgetMilliseconds) } }"#
    }

    /// When the first key ends, in milliseconds since the epoch; it may have left the ring already.
    private static func endOfFirst(_ cluster: GatewayCluster) throws -> Int64 {
        let ring = try SealingClients.read(cluster.file("ring.json"))
        return ring.keys.first { $0.id == "first" }?.opensUntilMilliseconds ?? 0
    }

    private static func statuses(
        _ cluster: GatewayCluster, _ seal: (KeyRing) throws -> [UInt8], _ ring: KeyRing
    ) throws -> [Int] {
        try cluster.ports.map { port in
            let answer = try PlainHTTP.post(
                "/api/v1/intent", try seal(ring), token: try GatewayCluster.token(tenant: tenant), port: port)
            return Int(answer.dropFirst(9).prefix(3)) ?? 0
        }
    }

    /// A ring of one key that has always been active, and that knows of no end.
    private static func firstKey() throws -> KeyRing {
        guard let bytes = KeyBytes((0..<32).map { _ in UInt8.random(in: .min ... .max) }),
            let key = RingKey(id: "first", bytes: bytes)
        else { throw FixtureError("no key") }
        return try KeyRing([key])
    }
}
