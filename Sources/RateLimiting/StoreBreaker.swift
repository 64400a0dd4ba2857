/// Keeps a store that does not answer from costing every request its budget: events in, decisions out, no clock and no chance.
///
/// Once it is open no request asks; the owner probes in the background after the times it is told, whether requests come or not.
package struct StoreBreaker: Sendable {
    private enum State: Sendable, Hashable {
        case closed(failures: Int)
        case open(probes: Int)
    }

    /// Failures in a row that open the breaker.
    package static let failuresMax = 3
    private static let waitFirstNanoseconds: Int64 = 50_000_000
    /// The longest time between two probes.
    package static let waitMaxNanoseconds: Int64 = 1_000_000_000

    private var state = State.closed(failures: 0)

    /// A closed breaker.
    package init() {}

    /// Whether the store is being asked.
    package var isClosed: Bool {
        switch state {
        case .closed: true
        case .open: false
        }
    }

    /// The store answered a request.
    package mutating func succeeded() {
        switch state {
        case .closed: state = .closed(failures: 0)
        case .open: break  // an answer from before; the probe decides
        }
    }

    /// The store did not answer a request.
    ///
    /// - Parameter jitter: 0 to 1.
    /// - Returns: when the breaker opened with it, nanoseconds until the first probe.
    package mutating func failed(jitter: Double) -> Int64? {
        switch state {
        case .open: return nil
        case .closed(let failures):
            guard failures + 1 >= Self.failuresMax else {
                state = .closed(failures: failures + 1)
                return nil
            }
            state = .open(probes: 0)
            return Self.wait(probes: 0, jitter)
        }
    }

    /// A probe has ended.
    ///
    /// - Returns: nanoseconds until the next one; nil when the breaker is closed.
    package mutating func probed(answered: Bool, jitter: Double) -> Int64? {
        switch state {
        case .closed: return nil
        case .open(let probes):
            guard !answered else {
                state = .closed(failures: 0)
                return nil
            }
            state = .open(probes: probes + 1)
            return Self.wait(probes: probes + 1, jitter)
        }
    }

    /// Twice as long each time up to the longest, of which half is left to chance: nodes must not come back all at once.
    private static func wait(probes: Int, _ jitter: Double) -> Int64 {
        let wait = min(waitFirstNanoseconds << Int64(min(probes, 10)), waitMaxNanoseconds)
        return Int64(Double(wait) * (0.5 + 0.5 * min(max(jitter, 0), 1)))
    }
}
