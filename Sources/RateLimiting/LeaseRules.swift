/// How a node takes tokens ahead of use; every bound of it stands here.
///
/// **Never more than burst + rate × T, in any interval T.** A leased token was taken from the shared bucket at most τ before it is
/// spent. What all nodes hold at an instant was therefore taken within the last τ, and the bucket can have regained at most
/// rate × τ of it: level + leases ≤ capacity of the bucket + rate × τ. So the shared bucket of a limit that may be leased is given
/// a capacity of burst − rate × τ, rounded down, and the sum never exceeds the burst. Tokens that come back later than τ are not
/// taken back. A limit for which this reserve would be more than 2 % of its burst is never leased, and its bucket holds all of it.
package struct LeaseRules: Sendable, Hashable {
    /// τ: how long a token may be held between being taken and being spent.
    package var lifetimeNanoseconds: Int64 = 100_000_000
    /// A lease is what this node has lately spent in so long.
    package var windowNanoseconds: Int64 = 20_000_000
    /// Slower limits are asked for each request.
    package var leasedRatePerMinuteMin = 6_000
    /// The reserve is at most the burst divided by this.
    package var reserveDivisor = 50
    /// Buckets of which a node spends less than this in a window are asked for each request.
    package var spentPerWindowMin = 4
    /// Requests that wait for one lease; more ask by themselves.
    package var waitersMax = 4_096
    /// Buckets remembered on this node; beyond them every request asks.
    package var entriesMax = 200_000
    /// How long a refusal is remembered at least.
    package var refusalNanosecondsMin: Int64 = 500_000
    /// How long a refusal is remembered at most: tokens may be given back, and limits may change.
    package var refusalNanosecondsMax: Int64 = 1_000_000_000

    /// The bounds above.
    package init() {}

    /// Whether tokens of the limit may be taken ahead of use.
    package func isLeasable(_ limit: RateLimit) -> Bool {
        limit.ratePerMinute >= leasedRatePerMinuteMin && reserve(limit) * reserveDivisor <= limit.capacityTokens
    }

    /// The capacity of the limit's shared bucket.
    package func sharedCapacity(_ limit: RateLimit) -> Int {
        isLeasable(limit) ? limit.capacityTokens - reserve(limit) : limit.capacityTokens
    }

    /// rate × τ in whole tokens, rounded up.
    private func reserve(_ limit: RateLimit) -> Int {
        Int((Int64(limit.ratePerMinute) * (lifetimeNanoseconds / 1_000) + 59_999_999) / 60_000_000)
    }
}
