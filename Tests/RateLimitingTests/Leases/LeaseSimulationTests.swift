import GatewayTesting
import RateLimiting
import Testing

/// Three nodes, 70/20/10, three times the limit, as the cluster of processes is tested; the same in a thread and from a seed.
@Suite("A simulated cluster under three times its limit")
struct LeaseSimulationTests {
    /// Burst and rate as in the test of processes, then with less burst, then a tenth of it for many seeds.
    private static let large = RateLimit(name: "large", ratePerMinute: 600_000)
    private static let brief = RateLimit(name: "brief", capacityTokens: 60_000, ratePerMinute: 600_000)
    private static let medium = RateLimit(name: "medium", capacityTokens: 5_000, ratePerMinute: 60_000)
    private static let small = RateLimit(name: "small", ratePerMinute: 1_000)

    private struct Run {
        let cluster: SimulatedCluster
        let limit: RateLimit
        let meter: IntervalMeter
        let loop: OpenLoop
        let seconds: Double
        /// Requests offered in a second by all together.
        var perSecond: Double { Double(limit.ratePerMinute) / 20 }

        init(_ limit: RateLimit, seed: Int, seconds: Double, lossProbability: Double = 0, cost: Int = 1) {
            cluster = SimulatedCluster(seed: UInt64(seed), lossProbability: lossProbability)
            self.limit = limit
            self.seconds = seconds
            // A token that is not leased is seen when the answer has come.
            let isLeased = LeaseRules().isLeasable(limit)
            meter = IntervalMeter(limit, graceNanoseconds: isLeased ? 0 : SimulatedCluster.wayNanosecondsMax)
            loop = OpenLoop(cluster: cluster, limit: limit, meter: meter, cost: cost)
        }

        /// Runs to the end, and says what was admitted of what may be.
        func admittedShare() -> Double {
            cluster.run(seconds: seconds)
            let bound = Double(limit.capacityTokens) + Double(limit.ratePerMinute) / 60 * seconds
            #expect(meter.isKept, "\(meter.worstTokens) tokens of a burst of \(limit.capacityTokens)")
            #expect(Double(meter.tokens) <= bound)
            return Double(meter.tokens) / bound
        }

        func offerUnevenly() {
            for share in [0.7, 0.2, 0.1] { loop.offer(perSecond * share, to: cluster.node(), seconds: seconds) }
        }

        /// After a third of the time the busiest node is killed, after half of it another one joins.
        func offerWhileOneDiesAndOneJoins() {
            let (first, second, third) = (cluster.node(), cluster.node(), cluster.node())
            loop.offer(perSecond * 0.7, to: first, seconds: seconds)
            loop.offer(perSecond * 0.2, to: second, seconds: seconds)
            loop.offer(perSecond * 0.1, to: third, seconds: seconds)
            loop.offer(perSecond * 0.4, to: second, after: seconds / 3, seconds: seconds)
            loop.offer(perSecond * 0.7, to: cluster.node(), after: seconds / 2, seconds: seconds)
            let (world, death) = (cluster.world, Int64(seconds / 3 * 1e9))
            world.spawn {
                await world.sleep(death)
                first.isAlive.set(false)
            }
        }

        /// All the load on one node, then on the next, and so on.
        func offerMoving(everySeconds: Double) {
            let nodes = [cluster.node(), cluster.node(), cluster.node()]
            for turn in 0..<Int(seconds / everySeconds) {
                loop.offer(
                    perSecond, to: nodes[turn % 3], after: Double(turn) * everySeconds, seconds: everySeconds)
            }
        }
    }

    @Test("1,000 a minute for 60 s: asked for each time", arguments: 1...20)
    func small(seed: Int) {
        let run = Run(Self.small, seed: seed, seconds: 60)
        run.offerUnevenly()
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("1,000 a minute while a node is killed and one joins", arguments: 1...10)
    func smallKill(seed: Int) {
        let run = Run(Self.small, seed: seed, seconds: 60)
        run.offerWhileOneDiesAndOneJoins()
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("1,000 a minute whose load moves", arguments: 1...10)
    func smallMoving(seed: Int) {
        let run = Run(Self.small, seed: seed, seconds: 60)
        run.offerMoving(everySeconds: 5)
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("600,000 a minute for 60 s: leased")
    func large() {
        let run = Run(Self.large, seed: 1, seconds: 60)
        run.offerUnevenly()
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("600,000 a minute for 15 s while a node is killed and one joins")
    func largeKill() {
        let run = Run(Self.brief, seed: 2, seconds: 15)
        run.offerWhileOneDiesAndOneJoins()
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("600,000 a minute for 15 s whose load moves")
    func largeMoving() {
        let run = Run(Self.brief, seed: 3, seconds: 15)
        run.offerMoving(everySeconds: 5)
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("60,000 a minute for 6 s, many seeds", arguments: 1...10)
    func medium(seed: Int) {
        let run = Run(Self.medium, seed: seed, seconds: 6)
        run.offerUnevenly()
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("60,000 a minute while a node is killed and one joins, many seeds", arguments: 1...10)
    func mediumKill(seed: Int) {
        let run = Run(Self.medium, seed: seed, seconds: 6)
        run.offerWhileOneDiesAndOneJoins()
        #expect(run.admittedShare() >= 0.98)
    }

    @Test("60,000 a minute whose load moves twice a second, many seeds", arguments: 1...10)
    func mediumMoving(seed: Int) {
        let run = Run(Self.medium, seed: seed, seconds: 6)
        run.offerMoving(everySeconds: 0.5)
        #expect(run.admittedShare() >= 0.9)
    }

    @Test("lost answers cost tokens and never admit more", arguments: 1...10)
    func losses(seed: Int) {
        let run = Run(Self.medium, seed: seed, seconds: 6, lossProbability: 0.02)
        run.offerUnevenly()
        #expect(run.admittedShare() >= 0.5)
    }

    @Test("requests of seven tokens", arguments: 1...5)
    func costs(seed: Int) {
        let run = Run(Self.medium, seed: seed, seconds: 6, cost: 7)
        run.offerUnevenly()
        #expect(run.admittedShare() >= 0.98)
    }
}
