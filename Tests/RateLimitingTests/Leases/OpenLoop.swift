import GatewayTesting
import RateLimiting

/// A client that sends at its own rate and waits for no answer, one request at a time or in bursts a millisecond apart.
struct OpenLoop: Sendable {
    let cluster: SimulatedCluster
    let limit: RateLimit
    let meter: IntervalMeter
    var cost = 1

    /// Sends to a node for a while from now on.
    ///
    /// - Parameters:
    ///   - perSecond: requests offered.
    ///   - after: seconds until it begins.
    ///   - seconds: how long it goes on.
    func offer(_ perSecond: Double, to node: SimulatedCluster.Node, after: Double = 0, seconds: Double) {
        let demand = cluster.hasher.prepare(limit).demand(on: "acme", cost: cost)
        cluster.world.spawn { [self] in
            await cluster.world.sleep(Int64(after * 1e9))
            let start = cluster.world.nowNanoseconds
            var due = 0.0
            var last = start
            while cluster.world.nowNanoseconds - start < Int64(seconds * 1e9), node.isAlive.value {
                due += Double(cluster.world.nowNanoseconds - last) * perSecond / 1e9
                last = cluster.world.nowNanoseconds
                send(Int(due), demand, to: node)
                due -= due.rounded(.down)
                await cluster.world.sleep(Int64((0.5 + cluster.chance()) * max(1e6, 1e9 / perSecond)))
            }
        }
    }

    private func send(_ count: Int, _ demand: BucketDemand, to node: SimulatedCluster.Node) {
        for _ in 0..<count {
            guard let admission = node.store.takeNow(demand, nowNanoseconds: node.clock()) else {
                cluster.world.spawn { await self.sendAndWait(demand, to: node) }
                continue
            }
            // What is refused from memory is refused alike for all others of this instant.
            guard admission.isAdmitted else { return }
            meter.admitted(cost, at: cluster.world.nowNanoseconds)
        }
    }

    private func sendAndWait(_ demand: BucketDemand, to node: SimulatedCluster.Node) async {
        let outcome = await node.store.take([demand], nowNanoseconds: node.clock())
        // A node that was killed meanwhile answers nobody.
        guard outcome.isAdmitted, node.isAlive.value else { return }
        meter.admitted(cost, at: cluster.world.nowNanoseconds)
    }
}
