/// The upper bounds of the fine latency histogram: from 100 µs to 1 s none is more than a tenth above the one before it, so that a
/// quantile read from it is off by a tenth at most; below and above they are wider. There are 116 of them, whatever is measured.
enum LatencyBuckets {
    /// In nanoseconds, rising.
    static let nanoseconds: [Int64] = decades.flatMap { decade in steps.map { $0 * decade } } + seconds
    /// The same in seconds.
    static let bounds: [Double] = nanoseconds.map { Double($0) / 1e9 }

    /// The bucket of a latency: the first whose bound is not below it, or the one above all bounds.
    @inline(__always)
    static func index(_ latency: Int64, in bounds: [Int64]) -> Int {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low &+ high) / 2
            if bounds[middle] < latency { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// A decade in 25 steps, in hundredths of its beginning.
    private static let steps: [Int64] = [
        100, 110, 120, 132, 145, 159, 174, 191, 210, 230, 252, 276, 302, 331, 363, 398, 437, 479, 525, 575, 631, 692,
        760,
        834, 915,
    ]
    /// A hundredth of 100 µs, 1 ms, 10 ms and 100 ms.
    private static let decades: [Int64] = [1_000, 10_000, 100_000, 1_000_000]
    private static let seconds: [Int64] = [
        1_000, 1_100, 1_250, 1_500, 1_750, 2_000, 2_500, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000,
        60_000,
    ].map { $0 * 1_000_000 }
}
