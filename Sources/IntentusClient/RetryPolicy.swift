/// When and how often a client tries again; only what is safe is repeated, and never beyond the deadline.
public struct RetryPolicy: Sendable {
    /// Attempts altogether; 1 never retries.
    public var attemptsMax = 3
    /// The wait before the second attempt; each further one doubles it.
    public var backOffFirstMilliseconds: Int64 = 50
    /// The longest wait of its own; a gateway's `Retry-After` may be longer.
    public var backOffMaxMilliseconds: Int64 = 2_000

    /// The defaults above.
    public init() {}

    /// The wait before an attempt, full jitter.
    ///
    /// - Parameters:
    ///   - attempt: 1 for the first repetition.
    ///   - jitter: from 0 to 1.
    func backOffMilliseconds(attempt: Int, jitter: Double) -> Int64 {
        let first = Double(max(0, backOffFirstMilliseconds))
        let doubled = first * Double(1 << min(max(attempt - 1, 0), 16))
        // An hour at most: a number of any size is a wait, not an overflow.
        return Int64(min(doubled, Double(max(0, backOffMaxMilliseconds)), 3_600_000) * jitter)
    }
}

/// How one attempt ended, as far as repeating it goes.
enum AttemptOutcome: Sendable, Equatable {
    /// No connection came about: nothing was sent.
    case notSent
    /// The gateway refused before any worker saw the request; it may name a time.
    case refused(retryAfterMilliseconds: Int64?)
    /// A worker may have begun the work; the answer may name a time.
    case uncertain(retryAfterMilliseconds: Int64?)
    /// Repeating does not help.
    case final

    /// The time that the answer named.
    var retryAfterMilliseconds: Int64? {
        switch self {
        case .refused(let milliseconds), .uncertain(let milliseconds): milliseconds
        case .notSent, .final: nil
        }
    }

    /// Whether another attempt is safe.
    func maySendAgain(isIdempotent: Bool) -> Bool {
        switch self {
        case .notSent, .refused: true
        case .uncertain: isIdempotent
        case .final: false
        }
    }
}
