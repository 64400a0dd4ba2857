import Foundation
import LoadClient
import RedisFixtures
import Testing

/// What clients see of three gateway processes while something they share fails.
@Suite("Faults under load", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct FaultTests {
    static let rate = Soak.isOn ? 2_000 : 300
    /// Half of what is offered; several tenants, so that every master of a cluster has buckets.
    static let tenants = 6
    static let perMinute = rate * 60 / 2 / tenants
    static let burst = perMinute / 12 + 10
    static let calmSeconds = Soak.isOn ? 10 : 2
    static let faultSeconds = Soak.isOn ? 10 : 3
    static let policy = """
        default: deny
        rules:
          - { id: all, action: ALLOW, roles: [user], rate_limit_per_minute: \(perMinute), rate_limit_burst: \(burst), rate_limit_key_template: "{tenant}" }
        """

    /// What came of a run.
    private struct Course {
        /// What a node does for the first time is not what it does in a fault.
        var warmUp = LoadReport()
        var before = LoadReport()
        var during = LoadReport()
        var after = LoadReport()
        /// From the end of the fault until no answer was degraded any more, in milliseconds.
        var recoveryMilliseconds = 0

        var all: LoadReport {
            var sum = warmUp
            sum.add(before)
            sum.add(during)
            sum.add(after)
            return sum
        }
    }

    /// Loads a cluster evenly: calm, with the fault, and after it until it is over.
    ///
    /// - Parameters:
    ///   - fault: begins it.
    ///   - mend: ends it.
    private func course(
        _ cluster: GatewayCluster, fault: @escaping @Sendable () throws -> Void,
        mend: @escaping @Sendable () throws -> Void
    ) async throws -> Course {
        let client = OpenLoopClient(connectionsPerTarget: 8)
        let plan = OpenLoopClient.Plan(
            rate: Self.rate, shares: cluster.nodes.map { (port: $0.port, weight: 1) },
            requests: try (0..<Self.tenants).map { try cluster.request(tenant: "tenant-\($0)") })
        await client.prepare(plan)
        await client.follow(plan)
        var course = Course()
        try await Task.sleep(for: .seconds(1))
        course.warmUp = await sum(client)
        try await Task.sleep(for: .seconds(Self.calmSeconds))
        course.before = await sum(client)
        try await offPool(fault)
        try await Task.sleep(for: .seconds(Self.faultSeconds))
        course.during = await sum(client)
        let clock = ContinuousClock()
        let mended = clock.now
        try await offPool(mend)
        var quiet = 0
        while quiet < 3, clock.now - mended < .seconds(30) {
            try await Task.sleep(for: .milliseconds(100))
            let slice = await sum(client)
            quiet = slice.degraded == 0 && slice.answered > 0 ? quiet + 1 : 0
            if quiet == 1 { course.recoveryMilliseconds = Int((clock.now - mended) / .milliseconds(1)) }
            course.after.add(slice)
        }
        #expect(quiet == 3, "limits are still not shared")
        try await Task.sleep(for: .seconds(1))
        await client.follow(nil)
        #expect(await client.settle(withinMilliseconds: 5_000), "requests without an answer")
        course.after.add(await sum(client))
        await client.end()
        return course
    }

    private func sum(_ client: OpenLoopClient) async -> LoadReport {
        await client.take().values.reduce(into: LoadReport()) { $0.add($1) }
    }

    /// What all limits together may admit in the span of a report.
    private static func bound(_ report: LoadReport) -> Int {
        tenants * burst + Int(Double(tenants * perMinute) * Double(report.spanNanoseconds) / 60e9)
    }

    /// Tells the figures and holds them against what is promised.
    ///
    /// - Parameter isDegraded: whether the fault must have been told in answers.
    private func judge(_ course: Course, _ what: String, isDegraded: Bool = true) {
        let all = course.all
        let bound = Self.bound(all)
        let (before, during, after) = (course.before.latencies, course.during.latencies, course.after.latencies)
        Soak.note(
            """
            \(what): offered \(all.due), admitted \(all.admitted), shared bound \(bound), degraded answers \(all.degraded), \
            5xx \(all.faults), lost \(all.lost + all.unsent), p99 before/during/after \(before.microseconds(at: 0.99))/\
            \(during.microseconds(at: 0.99))/\(after.microseconds(at: 0.99)) µs, longest \(all.latencies.maxMicroseconds) µs, \
            recovered after \(course.recoveryMilliseconds) ms
            """)
        #expect(all.faults == 0, "\(all.statuses)")
        #expect(all.lost + all.unsent == 0)
        #expect(all.answered == all.due)
        // While the store is away the nodes together count one more burst; a store that lost its data begins with a full one.
        #expect(all.admitted <= bound + 2 * Self.tenants * Self.burst, "\(all.admitted) of \(bound)")
        #expect(all.latencies.maxMicroseconds <= (GatewayCluster.deadlineMilliseconds + 50) * 1_000)
        if isDegraded { #expect(course.during.degraded > 0) }
        // Unless the machine is busy with other things, Redis answers within its budget.
        #expect(course.before.degraded <= (Soak.isOn ? 0 : course.before.answered / 20))
        #expect(course.recoveryMilliseconds < 10_000)
        guard Soak.isOn else { return }
        #expect(during.microseconds(at: 0.99) <= before.microseconds(at: 0.99) + 10_000)
    }

    private func withCluster(
        store: (Int) -> String, clockOffSeconds: [Int] = [0, 0, 0], _ test: (GatewayCluster) async throws -> Void
    ) async throws {
        let worker = try await FixedWorker.started()
        let cluster = try GatewayCluster(policy: Self.policy, workerPort: worker.port)
        for (number, off) in clockOffSeconds.enumerated() {
            try cluster.start(store: store(number), clockOffSeconds: off)
        }
        try cluster.waitForMembers(3, among: cluster.nodes)
        try await test(cluster)
        await worker.end()
    }

    @Test("Redis is killed and started again, empty")
    func killed() async throws {
        let redis = try RedisServer.started()
        try await withCluster(store: { _ in "\"redis://127.0.0.1:\(redis.port)\"" }) { cluster in
            judge(
                try await course(cluster, fault: { redis.kill9() }, mend: { try redis.start() }),
                "Redis killed and restarted")
        }
    }

    @Test("Redis hangs: connections stay, nothing is answered")
    func frozen() async throws {
        let redis = try RedisServer.started()
        try await withCluster(store: { _ in "\"redis://127.0.0.1:\(redis.port)\"" }) { cluster in
            judge(try await course(cluster, fault: { redis.freeze() }, mend: { redis.thaw() }), "Redis frozen")
        }
    }

    @Test("the master of three sentinels is killed")
    func sentinelFailover() async throws {
        let set = try SentinelSet()
        let ports = set.sentinelPorts.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        let store = "{ redis: { sentinel: [\(ports)], masterName: \(set.masterName) } }"
        try await withCluster(store: { _ in store }) { cluster in
            judge(
                try await course(cluster, fault: { try set.killMaster() }, mend: {}), "Sentinel failover",
                isDegraded: false)
        }
    }

    @Test("a master of a Redis Cluster is killed")
    func clusterFailover() async throws {
        let redis = try RedisCluster()
        let ports = redis.ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        try await withCluster(store: { _ in "{ redis: { cluster: [\(ports)] } }" }) { cluster in
            let first = try redis.masters()[0]
            judge(
                try await course(cluster, fault: { try redis.failover(killing: first) }, mend: {}),
                "cluster master killed", isDegraded: false)
        }
    }

    @Test("one gateway of three loses sight of Redis")
    func partition() async throws {
        let redis = try RedisServer.started()
        let proxy = try FaultProxy(to: redis.port)
        try await withCluster(store: { number in
            "\"redis://127.0.0.1:\(number == 2 ? proxy.port : redis.port)\""
        }) { cluster in
            judge(
                try await course(cluster, fault: { proxy.blackhole() }, mend: { proxy.pass() }),
                "one gateway cut off from Redis")
        }
        proxy.end()
    }

    @Test(
        "the wall clock of one node is 90 seconds behind",
        .enabled(if: GatewayCluster.compiler != nil, "clang, which comes with the Swift toolchain, is not in the PATH"))
    func clock() async throws {
        let redis = try RedisServer.started()
        try await withCluster(
            store: { _ in "\"redis://127.0.0.1:\(redis.port)\"" }, clockOffSeconds: [0, 0, -90]
        ) { cluster in
            let course = try await course(cluster, fault: {}, mend: {})
            judge(course, "one clock 90 s off", isDegraded: false)
            #expect(course.all.degraded <= (Soak.isOn ? 0 : course.all.answered / 20))
            // With nothing away the limit itself is the bound.
            #expect(course.all.admitted <= Self.bound(course.all))
        }
    }

    @Test("the issuer is down: nodes that run keep their keys, and one that starts takes them from Redis")
    func issuerDown() async throws {
        let redis = try RedisServer.started()
        let worker = try await FixedWorker.started()
        let issuerPort = try FreePorts.next()
        let cluster = try GatewayCluster(
            policy: Self.policy, workerPort: worker.port,
            keySource: "{ url: \"http://127.0.0.1:\(issuerPort)/jwks.json\" }")
        let issuer = try await FixedWorker.started(answering: try cluster.jwks, port: issuerPort)
        let store = "\"redis://127.0.0.1:\(redis.port)\""
        for _ in 0..<2 { try cluster.start(store: store) }
        #expect(issuer.requests == 1, "two nodes asked the issuer \(issuer.requests) times")
        await issuer.end()
        try cluster.start(store: store)
        try cluster.waitForMembers(3, among: cluster.nodes)
        let course = try await course(cluster, fault: {}, mend: {})
        judge(course, "issuer down", isDegraded: false)
        #expect(course.all.statuses[401] == nil)
        await worker.end()
    }
}

/// Runs blocking work on a thread that is not of Swift's pool.
private func offPool(_ work: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread { continuation.resume(with: Result { try work() }) }.start()
    }
}
