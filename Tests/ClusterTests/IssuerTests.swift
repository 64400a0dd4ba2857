import LoadClient
import RedisFixtures
import Testing

/// The issuer is away: its keys are in Redis.
@Suite("An issuer that is down", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct IssuerTests {
    @Test("two gateways that start at once ask it once, and one that starts when it is gone takes its keys from Redis")
    func down() async throws {
        let (report, fetches) = try await offPool {
            let redis = try RedisServer.started()
            let issuer = try FixedServer(body: try GatewayCluster.jwks())
            let cluster = try GatewayCluster(
                Array(repeating: GatewayCluster.Place(store: redis.store), count: 3), limits: FaultRun.limits,
                keySetURL: "http://127.0.0.1:\(issuer.port)/jwks.json")
            defer { cluster.stop() }
            // Two at once, with nothing in Redis: one of them asks.
            try cluster.start([0, 1])
            issuer.stop()
            try cluster.start([2])
            let load = try LoadClient(try cluster.plan(weights: FaultRun.weights))
            try load.start(phase: "down")
            keepRunning(milliseconds: Scale.of(3_000, soak: 30_000))
            return (try load.finish(), issuer.requestCount)
        }
        let all = report.sum()
        print("fault, issuer down: \(summary(all)), \(fetches) fetch of the keys; \(lag(report))")
        #expect(fetches == 1)
        #expect(Set(all.statuses.keys).isSubset(of: [200, 429]), "\(all.statuses)")
        #expect(all.connectionFailures == 0)
        #expect(all.unanswered == 0)
        #expect(all.late == 0)
        for target in FaultRun.weights.indices {
            #expect(report.sum(target: target).count(of: 200...299) > 0, "gateway \(target)")
        }
        for (place, limit) in FaultRun.limits.enumerated() where limit.isLimited {
            let counts = report.sum(request: place)
            #expect(
                counts.count(of: 200...299) - counts.degradedAdmitted <= limit.bound(nanoseconds: report.nanoseconds))
        }
    }
}
