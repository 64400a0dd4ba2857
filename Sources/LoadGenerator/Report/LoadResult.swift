/// The result of a run as it is written to a file; `LoadTests.md` documents its keys.
package struct LoadResult: Codable, Sendable {
    /// The version of this schema; another number where a key changes its meaning or goes.
    package static let schemaVersion = 1

    /// What became of some of the requests.
    package struct Group: Codable, Sendable, Hashable {
        package var name: String
        package var offered: Int
        package var ok: Int
        package var limited: Int
        package var refused: Int
        package var failed: Int
        package var lost: Int
        package var latency: LatencySummary

        package init(_ name: String, _ tally: Tally) {
            self.name = name
            offered = tally.offered
            ok = tally[.ok]
            limited = tally[.limited]
            refused = tally[.refused]
            failed = tally[.failed]
            lost = tally[.lost]
            latency = LatencySummary(tally.latency)
        }

        package var errors: Int { refused + failed + lost }
        package var answered: Int { ok + limited + refused + failed }
    }

    /// What became of requests in one way.
    package struct OutcomeGroup: Codable, Sendable, Hashable {
        /// `200`, `429 RATE_LIMIT`, `timeout`, `missed`.
        package var name: String
        package var outcomeClass: OutcomeClass
        package var count: Int
        package var latency: LatencySummary
    }

    /// One second of a run.
    package struct Point: Codable, Sendable, Hashable {
        /// From the beginning of the schedule to the end of this second.
        package var endSeconds: Double
        package var isWarmUp: Bool
        package var offeredPerSecond: Double
        package var okPerSecond: Double
        package var limitedPerSecond: Double
        package var errorsPerSecond: Double
        package var inFlight: Int
        package var p50Microseconds: Int
        package var p99Microseconds: Int
        package var p999Microseconds: Int
        package var maxMicroseconds: Int
    }

    /// How many of all requests took at most so long.
    package struct DistributionPoint: Codable, Sendable, Hashable {
        package var percentile: Double
        package var microseconds: Int
    }

    package var schemaVersion = Self.schemaVersion
    package var tool: String
    package var startedAt: String
    package var isInterrupted: Bool
    package var seed: UInt64
    package var scheduledSeconds: Double
    package var seconds: Double
    package var warmUpRequests: Int
    package var offeredPerSecond: Double
    package var answeredPerSecond: Double
    package var sentBytes: Int
    package var receivedBytes: Int
    package var total: Group
    package var outcomes: [OutcomeGroup]
    package var intents: [Group]
    package var entries: [Group]
    package var targets: [Group]
    package var callers: [Group]
    /// How much later than due requests were looked at: what the machine took from the generator.
    package var generatorLateness: LatencySummary
    /// From when requests were due until a connection was free for them.
    package var waitForConnection: LatencySummary
    package var distribution: [DistributionPoint]
    package var timeline: [Point]
    package var thresholds: [ThresholdVerdict] = []
    /// The trials of a search for capacity, in their order; empty where there was none.
    package var trials: [CapacityTrial] = []
    /// The highest rate that met the objective; nil where none was looked for or none was found.
    package var capacityPerSecond: Double?
    /// What a reader should know before believing the rest.
    package var warnings: [String] = []

    package var isPassed: Bool { thresholds.allSatisfy(\.isPassed) }
}
