/// How a node takes tokens ahead of use; every bound of it stands here.
///
/// **Never more than burst + rate × T, in any interval T.** Let V be the level of the shared bucket and all tokens that were taken
/// from it and are neither spent nor lost: held by a node, or on their way. Admitting lowers V, only refill raises it, by at most
/// rate × T. So an interval admits at most V at its begin + rate × T, and it is enough that V never exceeds the burst.
///
/// The shared bucket of a limit that may be leased has a capacity C of burst − rate × τ, rounded down; a batch of tokens is spent, given
/// back or dropped within τ of the moment its ask was sent, which is before it was taken; and n tokens of age a that are given back are
/// credited as n − rate × a, rounded down, or nothing. Then V ≤ C + rate × τ ≤ burst, at every instant t:
///
/// - Say a batch of n unspent tokens of age a is *worth* max(0, n − rate × a). The level and the worth of all batches together never
///   exceed C: taking moves tokens from the one to the other, giving back moves them again, spending and dropping lower the sum; and
///   refill raises the level by rate, which every batch that is worth anything loses meanwhile; where none is, the sum is the level.
/// - The oldest batch that is not used up at t was taken at some s > t − τ. From s on, count the batches that are left at t in full, and
///   all others at their worth. That sum is at most C when s begins, rises by rate × (t − s) ≤ rate × τ at most, and at t it is V.
///
/// Without the deduction it would not hold: tokens that are given back and taken again are young again, and the bucket refills while they
/// are out. What the proof needs of the world: one bucket that forgets nothing, and clocks that run at one pace for τ. An ask that is not
/// answered within half of τ is given up, whatever the answer says then: the store's budget is no longer, and a node that was stopped
/// looks at the clock.
///
/// A limit for which the reserve would be more than 2 % of its burst is never leased, and its bucket holds all of the burst; it admits no
/// more than burst + rate × T either, counted at the instants at which the store decided.
package struct LeaseRules: Sendable, Hashable {
    /// τ: how long a token may be held between being taken and being spent.
    package var lifetimeNanoseconds: Int64 = 100_000_000
    /// An answer to a request that came later is none: what is held towards a cost lives at least so long when the store is asked.
    package var answerNanosecondsMax: Int64 { lifetimeNanoseconds / 2 }
    /// A lease is what this node has lately spent in so long; a bucket that was not touched for so long is idle.
    package var windowNanoseconds: Int64 = 20_000_000
    /// Slower limits are asked for each request.
    package var leasedRatePerMinuteMin = 6_000
    /// The reserve is at most the burst divided by this.
    package var reserveDivisor = 50
    /// Buckets of which a node spends less than this in a window are asked for each request.
    package var spentPerWindowMin = 4
    /// A lease is at most the shared bucket's capacity divided by this.
    package var leaseDivisor = 10
    /// Requests that wait for one lease; more ask by themselves.
    package var waitersMax = 4_096
    /// How often a request looks again after it has waited for a lease that did not reach it.
    package var looksMax = 3
    /// Buckets remembered on this node; beyond them every request asks.
    package var entriesMax = 200_000
    /// How long a bucket that is leased and found empty is left alone at least: more tokens for one ask.
    package var pauseNanoseconds: Int64 = 2_000_000
    /// How long a refusal is remembered at most: tokens may be given back, and limits may change.
    package var refusalNanosecondsMax: Int64 = 1_000_000_000
    /// How long tokens that are given back may be on their way; later the store does not take them.
    package var returnNanoseconds: Int64 = 10_000_000
    /// Buckets that this node may make in the shared store in a minute, and at once; a new one beyond them is counted here alone.
    package var newKeysPerMinuteMax = 600_000
    /// Buckets of one call that gives back.
    package var returnsPerCallMax = 64

    /// The bounds above.
    package init() {}

    /// Bounds for buckets that live on several servers, where tokens are out for an instant when one server grants a call and another
    /// refuses it: who found none asks again soon.
    package static var acrossServers: LeaseRules {
        var rules = LeaseRules()
        rules.refusalNanosecondsMax = 50_000_000
        return rules
    }

    /// Whether tokens of the limit may be taken ahead of use.
    ///
    /// Those of a limit that is settled may not: what comes back to the bucket for a request that cost less would raise V above the
    /// burst while tokens are held.
    package func isLeasable(_ limit: RateLimit) -> Bool {
        !limit.isSettled && limit.ratePerMinute >= leasedRatePerMinuteMin
            && reserve(limit) * reserveDivisor <= limit.capacityTokens
    }

    /// The capacity of the limit's shared bucket.
    package func sharedCapacity(_ limit: RateLimit) -> Int {
        isLeasable(limit) ? limit.capacityTokens - reserve(limit) : limit.capacityTokens
    }

    /// Whether the limit's shared bucket covers the cost when it is full; false means refused for good.
    package func canEverAdmit(_ limit: RateLimit, cost: Int) -> Bool {
        limit.canEverAdmit(cost: cost) && cost <= sharedCapacity(limit)
    }

    /// What is credited for tokens that are given back, as many as they are less what the bucket has regained meanwhile.
    package func credit(_ tokens: Int, _ limit: RateLimit, ageNanoseconds: Int64) -> Int {
        max(0, tokens - gained(limit, ageNanoseconds))
    }

    /// rate × τ in whole tokens, rounded up.
    private func reserve(_ limit: RateLimit) -> Int { gained(limit, lifetimeNanoseconds) }

    /// What the limit gains in a time of at most τ, in whole tokens, rounded up.
    private func gained(_ limit: RateLimit, _ nanoseconds: Int64) -> Int {
        let microseconds = (max(nanoseconds, 0) + 999) / 1_000
        return Int((Int64(limit.ratePerMinute) * microseconds + 59_999_999) / 60_000_000)
    }
}
