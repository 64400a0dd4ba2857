import GatewayTesting
import RateLimiting
import Testing

/// Three nodes under three times the limit, all of them cut off from the store for a while; in one thread and from a seed.
@Suite("A simulated cluster that is cut off from its store")
struct SimulatedPartitionTests {
    private static let limit = RateLimit(name: "cut", capacityTokens: 100, ratePerMinute: 1_000)
    private static let phaseSeconds = 20.0
    private static let gainedInPhase = Double(limit.ratePerMinute) / 60 * phaseSeconds

    /// Tokens admitted before the cut, during it, while what it cost is paid, and after that.
    private func admitted(seed: Int, nodesKnown: Int) -> [Double] {
        let cluster = SimulatedCluster(seed: UInt64(seed))
        cluster.nodeCount.set(nodesKnown)
        let meter = IntervalMeter(Self.limit)
        let loop = OpenLoop(cluster: cluster, limit: Self.limit, meter: meter)
        for share in [0.7, 0.2, 0.1] { loop.offer(50 * share, to: cluster.node(), seconds: 4 * Self.phaseSeconds) }
        return [false, true, false, false].map { isCut in
            cluster.isPartitioned.set(isCut)
            let before = meter.tokens
            cluster.run(seconds: Self.phaseSeconds)
            return Double(meter.tokens - before)
        }
    }

    @Test("nodes that know of one another admit no more than with the store, and go on from there", arguments: 1...10)
    func known(seed: Int) {
        let phases = admitted(seed: seed, nodesKnown: 3)
        let bound = Double(Self.limit.capacityTokens) + 4 * Self.gainedInPhase
        // Each part is rounded, and holds one token at least.
        #expect(phases.reduce(0, +) <= bound + 3, "\(phases)")
        #expect(phases[1] >= 0.9 * Self.gainedInPhase, "\(phases)")
        #expect(phases[1] <= Self.gainedInPhase + 3, "\(phases)")
        #expect(phases[3] >= 0.98 * Self.gainedInPhase, "\(phases)")
    }

    @Test("S10 nodes that know of no other admit the limit each: what nodesExpected is for", arguments: 1...3)
    func unknown(seed: Int) {
        let phases = admitted(seed: seed, nodesKnown: 1)
        #expect(phases[1] > 1.5 * Self.gainedInPhase, "\(phases)")
        #expect(phases[3] >= 0.98 * Self.gainedInPhase, "\(phases)")
    }
}
