/// Keeps a store that does not answer from costing every request its budget: events in, decisions out, no clock.
package struct StoreBreaker: Sendable {
    /// What the owner does before it asks.
    package enum Decision: Sendable, Hashable {
        /// Ask.
        case ask
        /// Do not ask.
        case skip
        /// Do not ask, but probe the store in the background.
        case skipAndProbe
    }

    private enum State: Sendable, Hashable {
        case closed(failures: Int)
        case open(probeAtNanoseconds: Int64, opened: Int)
        case probing(opened: Int)
    }

    /// Failures in a row that open the breaker.
    package static let failuresMax = 3
    private static let waitFirstNanoseconds: Int64 = 50_000_000
    private static let waitMaxNanoseconds: Int64 = 1_000_000_000

    private var state = State.closed(failures: 0)

    /// A closed breaker.
    package init() {}

    /// Whether the store is being asked.
    package var isClosed: Bool {
        guard case .closed = state else { return false }
        return true
    }

    /// A request wants to ask.
    package mutating func wants(now: Int64) -> Decision {
        switch state {
        case .closed: return .ask
        case .probing: return .skip
        case .open(let probeAt, let opened):
            guard now >= probeAt else { return .skip }
            state = .probing(opened: opened)
            return .skipAndProbe
        }
    }

    /// The store answered a request.
    package mutating func succeeded() {
        guard case .closed = state else { return }
        state = .closed(failures: 0)
    }

    /// The store did not answer a request.
    ///
    /// - Parameter jitter: 0 to 1.
    /// - Returns: whether the breaker opened with it.
    package mutating func failed(jitter: Double, now: Int64) -> Bool {
        guard case .closed(let failures) = state else { return false }
        guard failures + 1 >= Self.failuresMax else {
            state = .closed(failures: failures + 1)
            return false
        }
        open(1, jitter: jitter, now: now)
        return true
    }

    /// A probe has ended.
    ///
    /// - Returns: whether the breaker closed with it.
    package mutating func probed(answered: Bool, jitter: Double, now: Int64) -> Bool {
        guard case .probing(let opened) = state else { return false }
        guard answered else {
            open(opened + 1, jitter: jitter, now: now)
            return false
        }
        state = .closed(failures: 0)
        return true
    }

    private mutating func open(_ opened: Int, jitter: Double, now: Int64) {
        let wait = min(Self.waitFirstNanoseconds << Int64(min(opened - 1, 10)), Self.waitMaxNanoseconds)
        let part = 0.5 + 0.5 * min(max(jitter, 0), 1)
        state = .open(probeAtNanoseconds: now + Int64(Double(wait) * part), opened: opened)
    }
}
