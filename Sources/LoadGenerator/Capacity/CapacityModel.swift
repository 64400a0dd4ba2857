/// What a cluster can answer, from what one node was measured to spend; arithmetic alone.
///
/// A request costs time of several things that each have so many cores. The first of them that is used up is the limit.
package struct CapacityModel: Sendable, Hashable {
    /// Something that a request takes time of.
    package struct Part: Sendable, Hashable {
        package var name: String
        /// CPU time of a request, of all threads of the part together.
        package var microsecondsPerRequest: Double
        /// How many cores it can use at most: event loops, shards, or a machine's cores.
        package var cores: Double

        package init(_ name: String, microsecondsPerRequest: Double, cores: Double) {
            self.name = name
            self.microsecondsPerRequest = microsecondsPerRequest
            self.cores = cores
        }

        package var requestsPerSecond: Double {
            microsecondsPerRequest > 0 ? cores * 1e6 / microsecondsPerRequest : .infinity
        }
    }

    package var parts: [Part]
    /// The cores that all parts share, where they run on one machine; nil where each has its own.
    package var sharedCores: Double?

    package init(_ parts: [Part], sharedCores: Double? = nil) {
        self.parts = parts
        self.sharedCores = sharedCores
    }

    /// The most that is answered, and what is used up then.
    package var limit: (requestsPerSecond: Double, part: String) {
        var all = parts
        if let sharedCores {
            let sum = parts.reduce(0) { $0 + $1.microsecondsPerRequest }
            all.append(Part("machine", microsecondsPerRequest: sum, cores: sharedCores))
        }
        let least = all.min { $0.requestsPerSecond < $1.requestsPerSecond }
        return (least?.requestsPerSecond ?? .infinity, least?.name ?? "nothing")
    }
}
