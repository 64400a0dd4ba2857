import LoadClient

/// What a fault may cost those who ask meanwhile: nobody more than the budget of a store that does not answer.
struct LatencyBound: Sendable {
    /// How much later than due the client may send at the 99th percentile; a machine that is busier than that measures nothing.
    static let lagMicrosecondsMax = 5_000
    /// What is no gateway's fault and no client's lag.
    static let graceMicroseconds = 1_000

    /// Times before the fault.
    let before: LatencyHistogram

    /// What is not as promised in a phase, as sentences.
    ///
    /// - Parameters:
    ///   - lag: how much later than due the client sent in it: what the machine took from the client it took from the gateways too.
    ///   - budgetMilliseconds: what a store that does not answer may cost in it.
    ///   - boundsWorst: whether the budget bounds every single request and not only 99 of 100.
    func faults(
        _ phase: String, _ latency: LatencyHistogram, lag: LatencyHistogram, budgetMilliseconds: Int, boundsWorst: Bool
    ) -> [String] {
        let noise = lag.quantileMicroseconds(0.99)
        guard noise <= Self.lagMicrosecondsMax else {
            return ["\(phase): not measured, for the client itself was late by \(milliseconds(noise)) (p99)"]
        }
        var faults: [String] = []
        let extra = budgetMilliseconds * 1_000 + Self.graceMicroseconds
        let p99 = latency.quantileMicroseconds(0.99)
        let p99Max = before.quantileMicroseconds(0.99) + extra + noise
        if p99 > p99Max { faults.append("\(phase): p99 \(milliseconds(p99)) and not \(milliseconds(p99Max))") }
        let worstMax = before.maxMicroseconds + extra + lag.maxMicroseconds
        if boundsWorst, latency.maxMicroseconds > worstMax {
            faults.append("\(phase): worst \(milliseconds(latency.maxMicroseconds)) and not \(milliseconds(worstMax))")
        }
        return faults
    }
}
