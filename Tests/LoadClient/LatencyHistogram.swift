/// Latencies in buckets that are 1/16 of their value wide, so that a percentile is wrong by 6 % at most.
package struct LatencyHistogram: Sendable {
    private var counts = [Int](repeating: 0, count: 64 * 16)
    package private(set) var count = 0
    package private(set) var maxMicroseconds = 0

    package init() {}

    package mutating func add(microseconds: Int) {
        let value = max(microseconds, 0)
        counts[Self.bucket(value)] += 1
        count += 1
        maxMicroseconds = max(maxMicroseconds, value)
    }

    package mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        maxMicroseconds = max(maxMicroseconds, other.maxMicroseconds)
    }

    /// The upper end of the bucket in which the quantile falls, in microseconds; 0 without any latency.
    ///
    /// - Parameter quantile: 0 to 1.
    package func microseconds(at quantile: Double) -> Int {
        guard count > 0 else { return 0 }
        let wanted = max(1, Int((Double(count) * quantile).rounded(.up)))
        var seen = 0
        for (index, number) in counts.enumerated() {
            seen += number
            if seen >= wanted { return min(Self.upperEnd(index), maxMicroseconds) }
        }
        return maxMicroseconds
    }

    private static func bucket(_ value: Int) -> Int {
        guard value >= 16 else { return value }
        let exponent = Int.bitWidth - 1 - value.leadingZeroBitCount
        return (exponent - 3) * 16 + (value >> (exponent - 4)) & 15
    }

    private static func upperEnd(_ index: Int) -> Int {
        guard index >= 16 else { return index }
        let exponent = index / 16 + 3
        return ((16 + index % 16 + 1) << (exponent - 4)) - 1
    }
}
