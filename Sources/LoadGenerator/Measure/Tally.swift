/// What became of the requests of one kind.
package struct Tally: Sendable {
    /// Requests that were due.
    package var offered = 0
    /// How many ended so, by `OutcomeClass`.
    package private(set) var counts = [Int](repeating: 0, count: OutcomeClass.allCases.count)
    /// From when a request was due to its end.
    package var latency = LatencyHistogram()

    package init() {}

    package subscript(_ outcomeClass: OutcomeClass) -> Int { counts[Self.place(outcomeClass)] }

    /// Requests that have ended.
    package var ended: Int { counts.reduce(0, +) }
    package var errors: Int {
        OutcomeClass.allCases.reduce(0) { $1.isError ? $0 + self[$1] : $0 }
    }

    mutating func end(_ outcome: Outcome, latencyNanoseconds: Int64) {
        counts[Self.place(outcome.outcomeClass)] += 1
        if outcome.hasLatency { latency.record(nanoseconds: latencyNanoseconds) }
    }

    package mutating func add(_ other: Tally) {
        offered += other.offered
        for place in counts.indices { counts[place] += other.counts[place] }
        latency.add(other.latency)
    }

    private static func place(_ outcomeClass: OutcomeClass) -> Int {
        switch outcomeClass {
        case .ok: 0
        case .limited: 1
        case .refused: 2
        case .failed: 3
        case .lost: 4
        }
    }
}
