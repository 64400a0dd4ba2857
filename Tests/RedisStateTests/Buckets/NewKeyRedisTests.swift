import RateLimiting
import RedisFixtures
import Testing

@testable import RedisState

@Suite("S22 new buckets in Redis", .timeLimit(.minutes(1)), .enabled(if: RedisServer.isInstalled))
struct NewKeyRedisTests {
    @Test("as many keys are made as a node may make, and no more, however many are asked for")
    func bound() async throws {
        let redis = try RedisServer.started()
        var rules = LeaseRules()
        rules.newKeysPerMinuteMax = 20
        let node = BucketNode(.standalone(redis.port), rules: rules)
        try await node.start()
        let limit = RateLimit(name: "l", ratePerMinute: 1)
        var degraded = 0
        for key in 0..<100 {
            if case .degraded = await node.take(node.demand(limit, "k\(key)")) { degraded += 1 }
        }
        // One comes every three seconds.
        let made = try redis.order("DBSIZE").integer ?? 0
        #expect((20...30).contains(made))
        #expect(degraded == 100 - made && node.book.gauges().keysMade == made)
        // A refusal by a bucket that is there is no less exact than before.
        guard case .decided(let admission) = await node.take(node.demand(limit, "k0")) else {
            Issue.record("the bucket is not known")
            return
        }
        #expect(!admission.isAdmitted)
        #expect(node.told.all.isEmpty)
        await node.close()
    }

    @Test("limits in several slots: what one slot gave goes back where another withholds")
    func slots() async throws {
        let cluster = try RedisCluster(replicasEach: 0)
        var rules = LeaseRules.acrossServers
        rules.newKeysPerMinuteMax = 8
        let node = BucketNode(.cluster(cluster.ports), rules: rules)
        try await node.start()
        let tenant = RateLimit(name: "tenant", ratePerMinute: 100)
        // One token comes in ten seconds: slower than a bucket whose key is given away for nothing.
        let subject = RateLimit(name: "subject", ratePerMinute: 6)
        var outcomes: [BucketOutcome] = []
        for number in 0..<40 {
            outcomes.append(await node.take(node.demand(tenant), node.demand(subject, "s\(number)")))
        }
        #expect(outcomes.count { $0.name == "degraded" } >= 30)
        guard case .decided(let admission) = await node.take(node.demand(tenant)) else {
            Issue.record("not decided")
            return
        }
        // A token comes every 600 ms; 41 were taken.
        #expect((59...64).contains(admission.states.first?.remainingTokens ?? 0), "\(admission)")
        await node.close()
    }
}
