import Histogram

/// Times in microseconds, kept to three significant digits up to an hour (an HdrHistogram).
///
/// Longer times count as an hour. It takes its memory, some 180 KiB, with the first time.
package struct LatencyHistogram: Sendable {
    private static let microsecondsMax: UInt64 = 3_600_000_000
    private var recorded: Histogram<UInt64>?

    package init() {}

    package mutating func record(nanoseconds: Int64) {
        record(microseconds: UInt64(max(nanoseconds, 0)) / 1_000)
    }

    package mutating func record(microseconds: UInt64) {
        if recorded == nil { recorded = Self.blank }
        recorded?.record(min(microseconds, Self.microsecondsMax))
    }

    package mutating func add(_ other: LatencyHistogram) {
        guard let others = other.recorded else { return }
        if recorded == nil { recorded = others } else { recorded?.add(others) }
    }

    package mutating func reset() { recorded?.reset() }

    package var count: Int { Int(recorded?.totalCount ?? 0) }
    package var maxMicroseconds: Int { count > 0 ? Int(recorded?.max ?? 0) : 0 }
    package var minMicroseconds: Int { count > 0 ? Int(recorded?.min ?? 0) : 0 }
    package var meanMicroseconds: Double { count > 0 ? recorded?.mean ?? 0 : 0 }

    /// The time that this part of all does not exceed; 0 when there are none.
    ///
    /// - Parameter percentile: 99 for the 99th.
    package func microseconds(atPercentile percentile: Double) -> Int {
        guard let recorded, recorded.totalCount > 0 else { return 0 }
        return min(Int(recorded.valueAtPercentile(percentile)), maxMicroseconds)
    }

    private static var blank: Histogram<UInt64> {
        Histogram(
            lowestDiscernibleValue: 1, highestTrackableValue: microsecondsMax, numberOfSignificantValueDigits: .three)
    }
}
