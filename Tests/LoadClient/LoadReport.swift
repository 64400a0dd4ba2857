/// What became of the requests of a time span, counted when their fate was known.
package struct LoadReport: Sendable {
    /// Requests that were due.
    package var due = 0
    /// Answers by their status.
    package var statuses: [Int: Int] = [:]
    /// Answers that said that limits were checked by one node alone.
    package var degraded = 0
    /// Requests whose connection ended before their answer.
    package var lost = 0
    /// Requests that were due while their target could not be reached.
    package var unsent = 0
    /// Of all answers, from when a request was due.
    package var latencies = LatencyHistogram()
    /// From the first request that was sent to the last answer, in nanoseconds.
    package var firstSentNanoseconds: Int64 = .max
    package var lastAnsweredNanoseconds: Int64 = 0

    package init() {}

    /// Requests that were admitted.
    package var admitted: Int { statuses[200] ?? 0 }
    /// Answers that tell a fault of the server.
    package var faults: Int { statuses.filter { $0.key >= 500 }.values.reduce(0, +) }
    package var answered: Int { statuses.values.reduce(0, +) }
    package var spanNanoseconds: Int64 { max(0, lastAnsweredNanoseconds - firstSentNanoseconds) }

    package mutating func add(_ other: LoadReport) {
        due += other.due
        for (status, count) in other.statuses { statuses[status, default: 0] += count }
        degraded += other.degraded
        lost += other.lost
        unsent += other.unsent
        latencies.add(other.latencies)
        firstSentNanoseconds = min(firstSentNanoseconds, other.firstSentNanoseconds)
        lastAnsweredNanoseconds = max(lastAnsweredNanoseconds, other.lastAnsweredNanoseconds)
    }
}
