/// One event loop's share of the request metrics.
struct RequestMeterShard {
    var intents = IndexMirror<String>()
    var agents = IndexMirror<String>()
    private var series = IndexMirror<UInt64>()
    /// For each series: the sum of latencies in nanoseconds, then one count per bucket, the last one for +Inf.
    private var cells: [UInt64] = []
    var fine = FineLatencies()

    @inline(__always)
    mutating func record(
        _ key: SeriesKey, latencyNanoseconds: Int64, _ shared: BoundedIndex<UInt64>, _ bounds: [Int64]
    ) {
        let index = series.index(of: key.raw, in: shared) ?? key.overflowIndex
        let width = bounds.count + 2
        let offset = index * width
        let missing = offset + width - cells.count
        if missing > 0 { cells.append(contentsOf: repeatElement(0, count: missing)) }
        let latency = max(0, latencyNanoseconds)
        var bucket = 0
        while bucket < bounds.count, latency > bounds[bucket] { bucket += 1 }
        cells[offset] &+= UInt64(latency)
        cells[offset + 1 + bucket] &+= 1
    }

    /// A copy of the cells in a range, empty beyond their end; small ranges keep the loop that owns them from waiting.
    func cells(in range: Range<Int>) -> [UInt64] {
        Array(cells[range.clamped(to: 0..<cells.count)])
    }
}

/// The labels of one series as numbers.
struct SeriesKey {
    let raw: UInt64

    init(intent: LabelId, agent: LabelId, outcome: Int) {
        raw = UInt64(intent.index) << 40 | UInt64(agent.index) << 8 | UInt64(outcome)
    }

    init(raw: UInt64) { self.raw = raw }

    var intent: Int { Int(raw >> 40) }
    var agent: Int { Int(raw >> 8 & 0xFFFF_FFFF) }
    var outcome: Int { Int(raw & 0xFF) }
    /// The first series are those whose intent and agent are `other`, one for each outcome.
    var overflowIndex: Int { outcome }
}
