/// One trial of a search for capacity.
package struct CapacityTrial: Codable, Sendable, Hashable {
    package var ratePerSecond: Double
    package var answeredPerSecond: Double
    package var p50Microseconds: Int
    package var p99Microseconds: Int
    package var isPassed: Bool
    /// What failed it, one sentence each.
    package var reasons: [String]

    package init(
        ratePerSecond: Double, answeredPerSecond: Double, p50Microseconds: Int, p99Microseconds: Int, isPassed: Bool,
        reasons: [String]
    ) {
        self.ratePerSecond = ratePerSecond
        self.answeredPerSecond = answeredPerSecond
        self.p50Microseconds = p50Microseconds
        self.p99Microseconds = p99Microseconds
        self.isPassed = isPassed
        self.reasons = reasons
    }

    /// Holds a trial against its objective; what was offered must also have been answered.
    package init(ratePerSecond: Double, _ result: LoadResult) {
        var reasons = result.thresholds.filter { !$0.isPassed }.map { "\($0.finding) (\($0.threshold))" }
        let missed = result.outcomes.first { $0.name == Outcome.missed.name }?.count ?? 0
        if missed > 0 { reasons.append("\(missed) requests were missed") }
        if result.answeredPerSecond < 0.99 * result.offeredPerSecond {
            reasons.append(
                "\(Int(result.answeredPerSecond)) a second were answered of \(Int(result.offeredPerSecond)) that were due"
            )
        }
        self.init(
            ratePerSecond: ratePerSecond, answeredPerSecond: result.answeredPerSecond,
            p50Microseconds: result.total.latency[50], p99Microseconds: result.total.latency[99],
            isPassed: reasons.isEmpty, reasons: reasons)
    }
}
