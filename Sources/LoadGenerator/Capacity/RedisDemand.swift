/// What the limits of a cluster ask of Redis; arithmetic alone.
package struct RedisDemand: Sendable, Hashable {
    /// How a limit is kept.
    package enum Setting: Sendable, Hashable {
        /// By each node alone, or there is no limit.
        case local
        /// Every request asks.
        case strict
        /// Nodes take tokens ahead of use where their part of a bucket is hot.
        case leased
    }

    /// Requests a second of the whole cluster, spread evenly over nodes and buckets.
    package var requestsPerSecond: Double
    package var nodes: Int
    /// Buckets that requests ask for: tenants, or one.
    package var buckets: Int
    package var setting: Setting
    /// Calls a second that a node makes for one bucket that it leases, however much is spent of it.
    package var callsPerLeasedBucket: Double
    /// Calls a second that a node makes whatever it is asked: the list of nodes, the directory of agents.
    package var idleCallsPerNode: Double
    /// Below so many requests a second of one node, a bucket is asked for each request.
    package var leasedFromPerSecond: Double

    /// - Parameters:
    ///   - callsPerLeasedBucket: measured.
    ///   - idleCallsPerNode: measured.
    ///   - leasedFromPerSecond: by default four requests in a window of 20 ms, as `LeaseRules` has it.
    package init(
        requestsPerSecond: Double, nodes: Int, buckets: Int, setting: Setting, callsPerLeasedBucket: Double,
        idleCallsPerNode: Double, leasedFromPerSecond: Double = 200
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.nodes = nodes
        self.buckets = buckets
        self.setting = setting
        self.callsPerLeasedBucket = callsPerLeasedBucket
        self.idleCallsPerNode = idleCallsPerNode
        self.leasedFromPerSecond = leasedFromPerSecond
    }

    /// Script calls a second, all nodes together.
    package var callsPerSecond: Double { limitCallsPerSecond + idleCallsPerNode * Double(nodes) }

    private var limitCallsPerSecond: Double {
        switch setting {
        case .local: return 0
        case .strict: return requestsPerSecond
        case .leased:
            let share = requestsPerSecond / Double(nodes) / Double(buckets)
            let calls = share < leasedFromPerSecond ? share : min(share, callsPerLeasedBucket)
            return calls * Double(nodes) * Double(buckets)
        }
    }

    /// How many Redis servers it takes, at least one; a bucket is of one server, so that more servers than buckets are of no use.
    ///
    /// - Parameters:
    ///   - microsecondsPerCall: CPU time of Redis for one call.
    ///   - utilisation: what part of its core a server is to be used, from 0 to 1.
    /// - Returns: nil where one bucket alone is more than a server can take.
    package func shards(microsecondsPerCall: Double, utilisation: Double) -> Int? {
        let perShard = utilisation * 1e6 / microsecondsPerCall
        let shards = max(Int((callsPerSecond / perShard).rounded(.up)), 1)
        return shards <= buckets || setting == .local ? shards : nil
    }
}
