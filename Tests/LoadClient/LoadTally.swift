/// What became of the requests that were due in one phase of a run.
package struct LoadTally: Sendable {
    /// Of one target and one request.
    package struct Counts: Sendable {
        package var sent = 0
        /// How often each status came.
        package var statuses: [Int: Int] = [:]
        /// Answers that said that the limits were not shared.
        package var degraded = 0
        /// Those of them that were admitted.
        package var degradedAdmitted = 0
        /// Not sent for want of a connection, or the connection was lost before the answer.
        package var connectionFailures = 0
        /// Never answered, although the connection stood.
        package var unanswered = 0
        /// Answered later than allowed.
        package var late = 0
        /// From when a request was due to its answer.
        package var latency = LatencyHistogram()
        /// How much later than due requests were sent: what the machine took from the client, and not the target.
        package var lag = LatencyHistogram()

        package func count(of statuses: ClosedRange<Int>) -> Int {
            self.statuses.reduce(0) { statuses.contains($1.key) ? $0 + $1.value : $0 }
        }

        mutating func add(_ other: Counts) {
            sent += other.sent
            statuses.merge(other.statuses, uniquingKeysWith: +)
            degraded += other.degraded
            degradedAdmitted += other.degradedAdmitted
            connectionFailures += other.connectionFailures
            unanswered += other.unanswered
            late += other.late
            latency.add(other.latency)
            lag.add(other.lag)
        }
    }

    package let phase: String
    /// By target, then by request.
    package internal(set) var counts: [[Counts]]

    /// The sum over targets and requests; nil stands for all.
    package func sum(target: Int? = nil, request: Int? = nil) -> Counts {
        var sum = Counts()
        for (place, requests) in counts.enumerated() where target == nil || target == place {
            for (kind, counts) in requests.enumerated() where request == nil || request == kind { sum.add(counts) }
        }
        return sum
    }
}

/// What became of a whole run.
package struct LoadReport: Sendable {
    package var phases: [LoadTally]
    /// From the first request to the last answer.
    package var nanoseconds: Int64
    /// When the last request was sent whose answer said that the limits were not shared, on ``LoadClient/now()``.
    package var lastDegradedNanoseconds: Int64?

    /// The sum over the phases of a name; nil stands for all, as for targets and requests.
    package func sum(phase: String? = nil, target: Int? = nil, request: Int? = nil) -> LoadTally.Counts {
        var sum = LoadTally.Counts()
        for tally in phases where phase == nil || phase == tally.phase {
            sum.add(tally.sum(target: target, request: request))
        }
        return sum
    }
}
