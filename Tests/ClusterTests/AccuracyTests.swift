import LoadClient
import RedisFixtures
import Testing

/// Three gateways share limits: together they admit what one bucket would, whatever comes and goes meanwhile.
@Suite("Accuracy of shared limits", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct AccuracyTests {
    /// One limit that every request asks for, one that is leased; three times as much is offered.
    static let limits = [
        TenantLimit(tenant: "small", perMinute: 1_000, burst: 100, perSecond: 50),
        Scale.of(
            TenantLimit(tenant: "large", perMinute: 9_000, burst: 900, perSecond: 450),
            soak: TenantLimit(tenant: "large", perMinute: 600_000, burst: 60_000, perSecond: 30_000)),
    ]
    static let durationMilliseconds = Scale.of(9_000, soak: 60_000)

    @Test("offered three times the limit, unevenly: never above the bound, and nearly all of it")
    func uneven() async throws {
        try await run("uneven load") { _, _ in keepRunning(milliseconds: Self.durationMilliseconds) }
    }

    @Test("one gateway is killed and another one added")
    func killedAndAdded() async throws {
        try await run("one killed, one added") { cluster, load in
            keepRunning(milliseconds: Self.durationMilliseconds / 3)
            cluster.kill9(1)
            try cluster.start([3])
            try load.add(LoadTarget(port: cluster.ports[3], weight: 0))
            try load.set(weights: [70, 0, 10, 20])
            keepRunning(milliseconds: Self.durationMilliseconds * 2 / 3)
        }
    }

    @Test("the load of the tenants moves from one gateway to another")
    func moving() async throws {
        try await run("load that moves", weights: [100, 0, 0]) { _, load in
            keepRunning(milliseconds: Self.durationMilliseconds / 2)
            try load.set(weights: [0, 100, 0])
            keepRunning(milliseconds: Self.durationMilliseconds / 2)
        }
    }

    private func run(
        _ name: String, weights: [Int] = [70, 20, 10],
        _ events: @escaping @Sendable (GatewayCluster, LoadClient) throws -> Void
    ) async throws {
        let (report, forwarded) = try await offPool {
            let redis = try RedisServer.started()
            let cluster = try GatewayCluster.started(3, store: redis.store, limits: Self.limits, spare: 1)
            defer { cluster.stop() }
            let load = try LoadClient(try cluster.plan(weights: weights))
            try load.start(phase: name)
            try events(cluster, load)
            return (try load.finish(), cluster.worker.requestCount)
        }
        var figures: [String] = []
        for (place, limit) in Self.limits.enumerated() {
            let counts = report.sum(request: place)
            let admitted = counts.count(of: 200...299)
            let bound = limit.bound(nanoseconds: report.nanoseconds)
            figures.append(
                "\(limit.tenant): \(admitted) of \(bound) (\(percent(admitted, bound))), offered \(counts.sent)")
            // A node that waits for a busy machine longer than its budget says so, and admits of its own share; in a soak that counts
            // against the bound as everything does.
            #expect(admitted - Scale.of(counts.degradedAdmitted, soak: 0) <= bound, "\(limit.tenant)")
            #expect(admitted * 100 >= bound * 98, "\(limit.tenant): \(percent(admitted, bound)) of what it may admit")
        }
        let all = report.sum()
        let bounds = Self.limits.reduce(0) { $0 + $1.bound(nanoseconds: report.nanoseconds) }
        print(
            "accuracy, \(name): \(figures.joined(separator: "; ")); \(summary(all)), p99 by gateway \(byGateway(report)); \(lag(report))"
        )
        #expect(
            forwarded - Scale.of(all.degradedAdmitted, soak: 0) <= bounds,
            "the worker saw more requests than both limits may admit")
        #expect(all.count(of: 500...599) == 0)
        #expect(Set(all.statuses.keys).isSubset(of: [200, 429]), "\(all.statuses)")
        #expect(all.unanswered == 0)
        #expect(
            all.degraded <= Scale.of(all.sent / 20, soak: 0),
            "\(all.degraded) answers were not of shared limits: accuracy was not measured")
    }

    private func byGateway(_ report: LoadReport) -> String {
        report.phases[0].counts.indices
            .map { milliseconds(report.sum(target: $0).latency.quantileMicroseconds(0.99)) }
            .joined(separator: ", ")
    }
}
