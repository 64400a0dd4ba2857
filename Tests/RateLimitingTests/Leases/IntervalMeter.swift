import RateLimiting
import Synchronization

/// Counts admitted tokens and holds them against burst + rate × T over every interval T.
///
/// One pass finds the worst of all intervals: what an interval that ends now has admitted above its rate is the larger of that of the
/// interval that ended before, carried on, and of one that begins now.
final class IntervalMeter: Sendable {
    private struct State {
        var tokens = 0
        /// Units of 1/60,000,000,000 token above the rate, in the worst interval that ends at the last admission.
        var excess: Int64 = 0
        var worst: Int64 = 0
        var last: Int64 = 0
    }

    private static let unitsPerToken: Int64 = 60_000_000_000

    private let limit: RateLimit
    private let graceNanoseconds: Int64
    private let state = Mutex(State())

    /// - Parameter graceNanoseconds: how much later than the decision an admission may be seen.
    init(_ limit: RateLimit, graceNanoseconds: Int64 = 0) {
        self.limit = limit
        self.graceNanoseconds = graceNanoseconds
    }

    func admitted(_ tokens: Int, at now: Int64) {
        state.withLock { state in
            state.excess = max(0, state.excess - (now - state.last) * Int64(limit.ratePerMinute))
            state.excess += Int64(tokens) * Self.unitsPerToken
            state.worst = max(state.worst, state.excess)
            state.last = now
            state.tokens += tokens
        }
    }

    /// Tokens admitted.
    var tokens: Int { state.withLock { $0.tokens } }

    /// Whether no interval admitted more than burst + rate × (T + grace).
    var isKept: Bool {
        let grace = graceNanoseconds * Int64(limit.ratePerMinute)
        return state.withLock { $0.worst } <= Int64(limit.capacityTokens) * Self.unitsPerToken + grace
    }

    /// The most that any interval admitted above its rate, in tokens.
    var worstTokens: Double { Double(state.withLock { $0.worst }) / Double(Self.unitsPerToken) }
}
