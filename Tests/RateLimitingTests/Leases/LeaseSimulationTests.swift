import GatewayTesting
import RateLimiting
import Synchronization
import Testing

@Suite("A simulated cluster under three times its limit")
struct LeaseSimulationTests {
    private static let minute: Int64 = 60_000_000_000

    /// Offers three times the limit to three nodes, 70/20/10.
    private static func admitted(
        _ limit: RateLimit, seed: UInt64, lossProbability: Double = 0, seconds: Int64, slack: Int,
        change: (SimulatedCluster, AdmissionMeter, Double) -> Void = { cluster, meter, total in
            for share in [0.7, 0.2, 0.1] {
                spread(cluster, cluster.node(), meter, total * share)
            }
        }
    ) -> (count: Int, violations: Int) {
        let cluster = SimulatedCluster(seed: seed, lossProbability: lossProbability)
        let meter = AdmissionMeter(limit, slackTokens: slack)
        let total = Double(limit.ratePerMinute) / 60 * 3
        current.withLock { $0 = (limit, seconds * 1_000_000_000) }
        change(cluster, meter, total)
        cluster.world.run(until: cluster.world.nowNanoseconds + seconds * 1_000_000_000 + 1_000_000_000)
        return (meter.count, meter.violations)
    }

    private static let current = Mutex<(RateLimit, Int64)>((RateLimit(name: "", ratePerMinute: 1), 0))

    /// Ten clients of a node, each with its part of the rate.
    private static func spread(
        _ cluster: SimulatedCluster, _ node: SimulatedCluster.Node, _ meter: AdmissionMeter, _ perSecond: Double,
        from begin: Int64 = 0, until end: Int64? = nil, isAlive: @escaping @Sendable () -> Bool = { true }
    ) {
        let (limit, duration) = current.withLock { $0 }
        let clients = max(Int(perSecond / 100), 4)
        for _ in 0..<clients {
            cluster.offer(
                limit, to: node, perSecond: perSecond / Double(clients), from: begin, until: end ?? duration,
                isAlive: isAlive, onAdmitted: { meter.admitted(at: $0) })
        }
    }

    /// What may be admitted from the start on, and 98 % of it.
    private static func check(
        _ result: (count: Int, violations: Int), _ limit: RateLimit, seconds: Int64, seed: UInt64
    ) {
        let bound = limit.capacityTokens + Int(Int64(limit.ratePerMinute) * seconds / 60)
        #expect(result.violations == 0, "seed \(seed)")
        #expect(result.count <= bound, "seed \(seed)")
        #expect(Double(result.count) >= 0.98 * Double(bound), "seed \(seed): \(result.count) of \(bound)")
    }

    @Test("a small limit is asked for each time, and met exactly", arguments: 1...20)
    func small(seed: Int) {
        let limit = RateLimit(name: "small", ratePerMinute: 1_000)
        // An answer is up to a millisecond on its way: one token may arrive that much closer to the one before.
        let result = Self.admitted(limit, seed: UInt64(seed), seconds: 60, slack: 1)
        Self.check(result, limit, seconds: 60, seed: UInt64(seed))
    }

    @Test("a large limit is leased: never more in any interval, and at least 98 % of it", arguments: 1...3)
    func large(seed: Int) {
        let limit = RateLimit(name: "large", capacityTokens: 30_000, ratePerMinute: 120_000)
        let result = Self.admitted(limit, seed: UInt64(seed), seconds: 10, slack: 0)
        Self.check(result, limit, seconds: 10, seed: UInt64(seed))
    }

    @Test("lost answers cost tokens and never admit more", arguments: 1...3)
    func losses(seed: Int) {
        let limit = RateLimit(name: "large", capacityTokens: 30_000, ratePerMinute: 120_000)
        let result = Self.admitted(limit, seed: UInt64(seed), lossProbability: 0.05, seconds: 10, slack: 0)
        #expect(result.violations == 0)
        #expect(result.count > 15_000)
    }

    @Test("a node that is killed and one that joins", arguments: 1...3)
    func killAndJoin(seed: Int) {
        let limit = RateLimit(name: "large", capacityTokens: 30_000, ratePerMinute: 120_000)
        let result = Self.admitted(limit, seed: UInt64(seed), seconds: 10, slack: 0) { cluster, meter, total in
            let world = cluster.world
            let death = world.nowNanoseconds + 4_000_000_000
            Self.spread(cluster, cluster.node(), meter, total * 0.7) { world.nowNanoseconds < death }
            Self.spread(cluster, cluster.node(), meter, total * 0.2)
            Self.spread(cluster, cluster.node(), meter, total * 0.8, from: 4_000_000_000)
        }
        Self.check(result, limit, seconds: 10, seed: UInt64(seed))
    }

    @Test("a tenant whose load moves from one node to another", arguments: 1...3)
    func moving(seed: Int) {
        let limit = RateLimit(name: "large", capacityTokens: 30_000, ratePerMinute: 120_000)
        let result = Self.admitted(limit, seed: UInt64(seed), seconds: 10, slack: 0) { cluster, meter, total in
            let (first, second) = (cluster.node(), cluster.node())
            for second_ in stride(from: Int64(0), to: 10, by: 2) {
                Self.spread(
                    cluster, first, meter, total, from: second_ * 1_000_000_000, until: (second_ + 1) * 1_000_000_000)
                Self.spread(
                    cluster, second, meter, total, from: (second_ + 1) * 1_000_000_000,
                    until: (second_ + 2) * 1_000_000_000)
            }
        }
        Self.check(result, limit, seconds: 10, seed: UInt64(seed))
    }
}
