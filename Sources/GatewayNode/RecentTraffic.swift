import Observability
import Synchronization

/// What a node was asked in each of the last seconds.
final class RecentTraffic: Sendable {
    /// One second, more or less: the node's housekeeping reads the counts when it comes by.
    struct Second: Sendable {
        let unixNanoseconds: Int64
        let seconds: Double
        let tally: RequestTally
    }

    /// How many seconds are kept.
    static let secondsMax = 120

    private struct State {
        var last: (nanoseconds: Int64, tally: RequestTally)?
        var seconds: [Second] = []
    }

    private let state = Mutex(State())

    /// Notes the counts up to now, unless less than a second has passed since they were noted last.
    func note(_ tally: @autoclosure () -> RequestTally, nowNanoseconds: Int64, unixNanoseconds: Int64) {
        let last = state.withLock { $0.last }
        // A sweep comes twice a second, give or take: this one is the second of two.
        if let last, nowNanoseconds - last.nanoseconds < 900_000_000 { return }
        let tally = tally()
        state.withLock { state in
            if let last = state.last {
                state.seconds.append(
                    Second(
                        unixNanoseconds: unixNanoseconds, seconds: Double(nowNanoseconds - last.nanoseconds) / 1e9,
                        tally: tally.since(last.tally)))
                if state.seconds.count > Self.secondsMax { state.seconds.removeFirst() }
            }
            state.last = (nowNanoseconds, tally)
        }
    }

    /// The oldest first.
    var seconds: [Second] { state.withLock { $0.seconds } }
}
