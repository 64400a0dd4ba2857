import IntentProtocol

/// All requests that a node has counted since its start, whatever their intent and agent.
package struct RequestTally: Sendable {
    /// By outcome, in the order of ``RequestOutcome``'s labels.
    package var counts: [UInt64]
    /// By latency: one count for each of ``RequestMeter/Settings/bucketSeconds``, and one for what took longer.
    package var buckets: [UInt64]

    /// What came between an older tally and this one.
    package func since(_ older: RequestTally) -> RequestTally {
        RequestTally(
            counts: zip(counts, older.counts).map { $0 &- $1 }, buckets: zip(buckets, older.buckets).map { $0 &- $1 })
    }

    /// Requests of an outcome, by its label: `success`, `client_gone` or the wire's error code.
    package var byLabel: [(label: String, count: UInt64)] {
        counts.enumerated().map { (RequestOutcome.label(at: $0.offset), $0.element) }
    }

    /// The requests that were answered, were refused for what they were, and could not be served.
    package var sums: (answered: UInt64, refused: UInt64, failed: UInt64) {
        var sums: (answered: UInt64, refused: UInt64, failed: UInt64) = (0, 0, 0)
        for (index, count) in counts.enumerated() {
            switch index {
            case 0: sums.answered &+= count
            // Whoever goes away is nobody's failure.
            case 1: sums.refused &+= count
            default:
                if ErrorCode.allCases[index - 2].httpStatus < 500 {
                    sums.refused &+= count
                } else {
                    sums.failed &+= count
                }
            }
        }
        return sums
    }

    /// The latency that a share of the requests did not exceed, in seconds, by the bounds of the buckets; nil without requests.
    ///
    /// Linear between the bounds of a bucket; the last bound for what lies beyond it.
    package func latency(_ share: Double, bounds: [Double]) -> Double? {
        let total = buckets.reduce(0, &+)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var before = 0.0
        for (index, bound) in bounds.enumerated() {
            let count = Double(buckets[index])
            if count > 0, before + count >= rank {
                let low = index == 0 ? 0 : bounds[index - 1]
                return low + (bound - low) * max(0, rank - before) / count
            }
            before += count
        }
        return bounds.last
    }
}
