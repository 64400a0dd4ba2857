import Synchronization

/// Requests a second, from a count that is read about twice a second.
final class RequestRate: Sendable {
    private struct Sample {
        let nanoseconds: Int64
        let count: UInt64
    }

    /// Three samples span a second.
    private static let samplesMax = 3
    private let samples = Mutex<[Sample]>([])

    /// Notes how many requests there were up to now.
    func note(_ count: UInt64, nowNanoseconds: Int64) {
        samples.withLock { samples in
            samples.append(Sample(nanoseconds: nowNanoseconds, count: count))
            if samples.count > Self.samplesMax { samples.removeFirst() }
        }
    }

    /// Requests a second, rounded; 0 before two counts are known.
    var perSecond: Int {
        samples.withLock { samples in
            guard let first = samples.first, let last = samples.last, last.nanoseconds > first.nanoseconds else {
                return 0
            }
            let seconds = Double(last.nanoseconds - first.nanoseconds) / 1e9
            return Int((Double(last.count &- first.count) / seconds).rounded())
        }
    }
}
