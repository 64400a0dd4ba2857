package import Gateway
import Traces

/// The fine latency histogram of one event loop: a count for each result and bucket, and of each bucket the last request whose
/// trace is kept.
struct FineLatencies {
    /// For each result: the sum of latencies in nanoseconds, then one count per bucket, the last one for +Inf.
    private var cells: [UInt64]
    /// One place per count; empty until the first request whose trace is kept.
    private var exemplars: [LatencyExemplar?] = []
    private static let bounds = LatencyBuckets.nanoseconds
    static let width = bounds.count + 2

    init() {
        cells = Array(repeating: 0, count: RequestResult.allCases.count * Self.width)
    }

    @inline(__always)
    mutating func record(_ result: RequestResult, latencyNanoseconds latency: Int64, _ sampled: SampledRequest?) {
        let start = result.rawValue &* Self.width
        let bucket = LatencyBuckets.index(latency, in: Self.bounds)
        cells[start] &+= UInt64(latency)
        cells[start &+ 1 &+ bucket] &+= 1
        guard let sampled else { return }
        if exemplars.isEmpty { exemplars = Array(repeating: nil, count: cells.count) }
        exemplars[start + 1 + bucket] = LatencyExemplar(request: sampled, latencyNanoseconds: latency)
    }

    /// Adds another loop's counts, and takes its exemplars where they are younger.
    mutating func add(_ other: FineLatencies) {
        for (index, cell) in other.cells.enumerated() { cells[index] &+= cell }
        guard !other.exemplars.isEmpty else { return }
        if exemplars.isEmpty { exemplars = Array(repeating: nil, count: cells.count) }
        for (index, exemplar) in other.exemplars.enumerated() {
            guard let exemplar else { continue }
            if let own = exemplars[index], own.request.unixNanoseconds > exemplar.request.unixNanoseconds { continue }
            exemplars[index] = exemplar
        }
    }

    /// The counts of a result; its sum of latencies stands before them.
    func row(_ result: RequestResult) -> (
        sumNanoseconds: UInt64, counts: ArraySlice<UInt64>, exemplars: ArraySlice<LatencyExemplar?>
    ) {
        let start = result.rawValue * Self.width
        let places = start + 1..<start + Self.width
        return (cells[start], cells[places], exemplars.isEmpty ? [] : exemplars[places])
    }
}

/// A request that stands for those of its bucket.
struct LatencyExemplar {
    let request: SampledRequest
    let latencyNanoseconds: Int64
}
