/// Times in microseconds, kept to one part in 32: cheap to add to, small, and good for quantiles.
package struct LatencyHistogram: Sendable {
    private static let stepBits = 5
    /// Up to 2³⁶ µs, which is 19 hours; longer ones count as that.
    private static let bitsMax = 36
    private var counts = [Int](repeating: 0, count: (bitsMax - stepBits + 2) << stepBits)
    package private(set) var count = 0
    package private(set) var maxMicroseconds = 0

    package init() {}

    package mutating func add(microseconds: Int) {
        let value = max(microseconds, 0)
        counts[Self.place(value)] += 1
        count += 1
        maxMicroseconds = max(maxMicroseconds, value)
    }

    package mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        maxMicroseconds = max(maxMicroseconds, other.maxMicroseconds)
    }

    /// The time that this part of all does not exceed; 0 when there are none.
    ///
    /// - Parameter share: 0.99 for the 99th percentile.
    package func quantileMicroseconds(_ share: Double) -> Int {
        var wanted = Int((Double(count) * share).rounded(.up))
        for (index, found) in counts.enumerated() where found > 0 {
            wanted -= found
            if wanted <= 0 { return min(Self.upperBound(index), maxMicroseconds) }
        }
        return maxMicroseconds
    }

    private static func place(_ value: Int) -> Int {
        let steps = 1 << stepBits
        guard value >= steps else { return value }
        let capped = min(value, (1 << bitsMax) - 1)
        let shift = Int.bitWidth - 1 - capped.leadingZeroBitCount - stepBits
        return (shift + 1) << stepBits + (capped >> shift) - steps
    }

    private static func upperBound(_ place: Int) -> Int {
        let steps = 1 << stepBits
        guard place >= steps else { return place }
        let shift = place >> stepBits - 1
        return ((place & (steps - 1)) + steps + 1) << shift - 1
    }
}
