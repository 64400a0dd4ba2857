import Glibc

/// What one operation costs: CPU time of this thread, many batches, the least and the middle of them.
struct Measurement {
    let name: String
    /// The most that the middle may be; nil where nothing is promised.
    let nanosecondsMax: Double?
    let least: Double
    let median: Double

    var isWithinBound: Bool { nanosecondsMax.map { median <= $0 } ?? true }

    /// Runs batches of `operation` and times each by the thread's own CPU clock, which other processes do not move.
    init(_ name: String, atMost nanosecondsMax: Double? = nil, batch: Int = 2_000, operation: () -> Int) {
        var sink = 0
        for _ in 0..<batch { sink &+= operation() }
        var costs: [Double] = []
        for _ in 0..<60 {
            let start = Self.threadNanoseconds()
            for _ in 0..<batch { sink &+= operation() }
            costs.append(Double(Self.threadNanoseconds() - start) / Double(batch))
        }
        costs.sort()
        self.name = name
        self.nanosecondsMax = nanosecondsMax
        least = costs[0]
        median = costs[costs.count / 2]
        // What an operation gives is used, so that it cannot be left out.
        if sink == .min { puts("") }
    }

    /// What was measured elsewhere: nanoseconds of one operation, by batches.
    init(_ name: String, costs: [Double]) {
        let sorted = costs.sorted()
        self.name = name
        nanosecondsMax = nil
        least = sorted[0]
        median = sorted[sorted.count / 2]
    }

    private static func threadNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
