import RateLimiting

/// Keeps a Redis that does not answer from costing every proof its time: events in, decisions out, no clock and no chance.
///
/// Keys are spread over several breakers by their slot, so that in a cluster a master that is away stops the proofs of its slots and
/// few others. Nobody probes in the background: after the breaker's wait one proof is let through, and its answer decides.
struct ReplayBreakers: Sendable {
    private struct Entry: Sendable {
        var breaker = StoreBreaker()
        var asksAgainNanoseconds: Int64 = .min
        var isProbing = false
        /// When the last failure that counted ended.
        var failedNanoseconds: Int64 = .min
    }

    /// How one proof is asked for.
    enum Turn: Sendable, Hashable {
        case ask
        /// The one that finds out whether Redis answers again.
        case probe
        /// Not at all: Redis is away.
        case skip
    }

    private var entries: [Entry]

    /// - Parameter count: 1 where all keys live on one server.
    init(count: Int) {
        entries = Array(repeating: Entry(), count: max(count, 1))
    }

    /// Which breaker the keys of a slot have.
    func place(slot: Int) -> Int { slot * entries.count / SlotHash.slotCount }

    /// Whether to ask now; whoever asks or probes says what came of it.
    mutating func turn(at place: Int, nowNanoseconds now: Int64) -> Turn {
        guard !entries[place].breaker.isClosed else { return .ask }
        guard now >= entries[place].asksAgainNanoseconds, !entries[place].isProbing else { return .skip }
        entries[place].isProbing = true
        return .probe
    }

    /// What came of a turn.
    ///
    /// Failures that waited at the same time are one: a Redis that pauses for a moment under many proofs is not one that is away, and
    /// while nobody asks every sealed request is refused.
    ///
    /// - Parameters:
    ///   - jitter: 0 to 1.
    ///   - askedNanoseconds: when the turn was taken.
    mutating func ended(
        _ turn: Turn, at place: Int, answered: Bool, jitter: Double, askedNanoseconds: Int64, nowNanoseconds now: Int64
    ) {
        let wait: Int64?
        switch turn {
        case .skip: return
        case .probe:
            entries[place].isProbing = false
            wait = entries[place].breaker.probed(answered: answered, jitter: jitter)
        case .ask where answered:
            entries[place].breaker.succeeded()
            return
        case .ask:
            guard askedNanoseconds >= entries[place].failedNanoseconds else { return }
            entries[place].failedNanoseconds = now
            wait = entries[place].breaker.failed(jitter: jitter)
        }
        if let wait { entries[place].asksAgainNanoseconds = now + wait }
    }
}
