import Foundation
import LoadClient
import RedisFixtures
import Testing

/// What three gateway processes admit of a limit that they share, from outside.
@Suite(
    "The accuracy of shared limits", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed")
)
struct AccuracyTests {
    /// A limit, and how hard it is pressed.
    struct Limit: Sendable, CustomStringConvertible {
        let tenant: String
        let perMinute: Int
        let burst: Int

        var description: String { "\(perMinute) a minute, burst \(burst)" }
        /// What may be admitted in a time.
        func bound(nanoseconds: Int64) -> Int { burst + Int(Double(perMinute) * Double(nanoseconds) / 60e9) }
        /// Three times the limit over a time, the burst included.
        func rate(seconds: Int) -> Int { max(3 * perMinute / 60, 3 * (burst + perMinute * seconds / 60) / seconds / 2) }
    }

    /// Full length by `make soak`, with a release build; short otherwise.
    static let seconds = Soak.isOn ? 60 : 8
    static let limits: [Limit] =
        Soak.isOn
        ? [
            Limit(tenant: "small", perMinute: 1_000, burst: 1_000),
            Limit(tenant: "large", perMinute: 600_000, burst: 60_000),
        ]
        : [
            Limit(tenant: "small", perMinute: 1_000, burst: 100),
            Limit(tenant: "large", perMinute: 24_000, burst: 2_000),
        ]

    static let policy =
        "default: deny\nrules:\n"
        + limits.map {
            "  - { id: \($0.tenant), action: ALLOW, roles: [user], tenants: [\($0.tenant)], rate_limit_per_minute: \($0.perMinute), rate_limit_burst: \($0.burst), rate_limit_key_template: \"{tenant}\" }\n"
        }.joined()

    /// A running cluster of three with its Redis and worker, and what presses on it.
    private func withCluster(
        _ test: (GatewayCluster, String) async throws -> Void
    ) async throws {
        let worker = try await FixedWorker.started()
        let redis = try RedisServer.started()
        let cluster = try GatewayCluster(policy: Self.policy, workerPort: worker.port)
        // Wide enough for a machine that is busy with other things: a late answer of Redis is a fault, and those are another test.
        let store = "{ redis: { url: \"redis://127.0.0.1:\(redis.port)\", budgetMilliseconds: 500 } }"
        for _ in 0..<3 { try cluster.start(store: store) }
        try cluster.waitForMembers(3, among: cluster.nodes)
        try await test(cluster, store)
        await worker.end()
    }

    /// Presses on every limit at once for the whole time; the reports of each limit are all of its answers.
    private func press(
        _ cluster: GatewayCluster, weights: [Int] = [70, 20, 10],
        meanwhile change: @escaping @Sendable ([OpenLoopClient], [OpenLoopClient.Plan]) async throws -> Void = { _, _ in
        }
    ) async throws -> [LoadReport] {
        let clients = Self.limits.map { _ in OpenLoopClient(connectionsPerTarget: 4) }
        let shares = zip(cluster.nodes, weights).map { (port: $0.port, weight: $1) }
        let plans = try Self.limits.map { limit in
            OpenLoopClient.Plan(
                rate: limit.rate(seconds: Self.seconds), shares: shares,
                requests: [try cluster.request(tenant: limit.tenant)])
        }
        for (client, plan) in zip(clients, plans) { await client.prepare(plan) }
        for (client, plan) in zip(clients, plans) { await client.follow(plan) }
        async let changed: Void = change(clients, plans)
        try await Task.sleep(for: .seconds(Self.seconds))
        try await changed
        for client in clients { await client.follow(nil) }
        var reports: [LoadReport] = []
        for client in clients {
            #expect(await client.settle(withinMilliseconds: 60_000), "requests without an answer")
            var sum = LoadReport()
            for report in await client.take().values { sum.add(report) }
            reports.append(sum)
            await client.end()
        }
        return reports
    }

    private func judge(_ reports: [LoadReport], _ what: String, mayLose: Bool = false) {
        for (limit, report) in zip(Self.limits, reports) {
            let bound = limit.bound(nanoseconds: report.spanNanoseconds)
            let part = Double(report.admitted) / Double(bound) * 100
            Soak.note(
                "\(what), \(limit): offered \(report.due), admitted \(report.admitted) of \(bound) (\(String(format: "%.2f", part)) %), p99 \(report.latencies.microseconds(at: 0.99)) µs, 5xx \(report.faults), lost \(report.lost), unsent \(report.unsent)"
            )
            #expect(report.admitted <= bound, "\(limit): \(report.admitted) of \(bound)")
            // The short form also runs where other work takes the cores away, and its last answers come late.
            #expect(part >= (Soak.isOn ? 98 : 90), "\(limit): \(report.admitted) of \(bound)")
            #expect(report.faults == 0, "\(limit): \(report.statuses)")
            #expect(report.degraded == 0, "\(limit)")
            if !mayLose { #expect(report.lost + report.unsent == 0, "\(limit)") }
        }
    }

    @Test("three nodes that get 70, 20 and 10 of a hundred admit the limit, no more, and nearly all of it")
    func uneven() async throws {
        try await withCluster { cluster, _ in judge(try await press(cluster), "uneven") }
    }

    @Test("the same while one node is killed and one is added")
    func membership() async throws {
        try await withCluster { cluster, store in
            let reports = try await press(cluster) { clients, plans in
                try await Task.sleep(for: .milliseconds(Self.seconds * 1_000 / 3))
                cluster.nodes[2].process.kill9()
                let added = try cluster.start(store: store)
                for (client, plan) in zip(clients, plans) {
                    var plan = plan
                    plan.shares[2].port = added.port
                    await client.follow(plan)
                }
            }
            judge(reports, "killed and added", mayLose: true)
        }
    }

    @Test("the same for tenants whose load moves from one node to another")
    func moving() async throws {
        try await withCluster { cluster, _ in
            let ports = cluster.nodes.map(\.port)
            let reports = try await press(cluster, weights: [100, 0, 0]) { clients, plans in
                for step in 1..<8 {
                    try await Task.sleep(for: .milliseconds(Self.seconds * 1_000 / 9))
                    for (client, plan) in zip(clients, plans) {
                        var plan = plan
                        plan.shares = [(port: ports[step % 3], weight: 1)]
                        await client.follow(plan)
                    }
                }
            }
            judge(reports, "moving")
        }
    }
}
