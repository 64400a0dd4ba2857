/// Latencies as reports tell them, in microseconds.
package struct LatencySummary: Codable, Sendable, Hashable {
    package static let percentiles: [Double] = [50, 75, 90, 95, 99, 99.9, 99.99]

    package var count: Int
    package var minMicroseconds: Int
    package var meanMicroseconds: Double
    package var maxMicroseconds: Int
    /// By percentile as text: `"99.9": 1830`.
    package var percentileMicroseconds: [String: Int]

    package init(_ histogram: LatencyHistogram) {
        count = histogram.count
        minMicroseconds = histogram.minMicroseconds
        meanMicroseconds = (histogram.meanMicroseconds * 10).rounded() / 10
        maxMicroseconds = histogram.maxMicroseconds
        percentileMicroseconds = [:]
        for percentile in Self.percentiles {
            percentileMicroseconds[Self.name(percentile)] = histogram.microseconds(atPercentile: percentile)
        }
    }

    package subscript(_ percentile: Double) -> Int { percentileMicroseconds[Self.name(percentile)] ?? 0 }

    /// `99.9`, and `50` without a point.
    package static func name(_ percentile: Double) -> String {
        percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)"
    }
}
