/// This node's share of a bucket while the shared store is away: rate and burst divided by the nodes that live.
///
/// It starts at the level that the store told last, divided likewise. Each part is at least one token, and one token a minute, so a limit
/// smaller than the number of nodes admits up to one a node.
struct NodeShare: Sendable {
    private var bucket: TokenBucket
    /// From when on it says the same as none.
    private(set) var fullAtNanoseconds: Int64

    init(_ part: RateLimit, remainingTokens: Int?, now: Int64) {
        bucket = TokenBucket(full: part, nowNanoseconds: now)
        if let remainingTokens { bucket.spend(max(part.capacityTokens - remainingTokens, 0)) }
        fullAtNanoseconds = now
    }

    static func part(of limit: RateLimit, nodes: Int) -> RateLimit {
        RateLimit(
            name: limit.name, capacityTokens: max(limit.capacityTokens / nodes, 1),
            ratePerMinute: max(limit.ratePerMinute / nodes, 1), shadow: limit.shadow)
    }

    /// After what time to ask again about a cost that only the shared store can admit: it may be back at any moment, and
    /// to refuse costs this node little.
    static let outageWaitNanoseconds: Int64 = 1_000_000_000

    /// Takes the cost if it is there. One that is greater than the whole part can wait for the shared store alone, whose outage
    /// ends; who is refused so must not be told that it is for good.
    ///
    /// - Parameter limit: what the part is a part of.
    mutating func take(
        _ cost: Int, part: RateLimit, of limit: RateLimit, sharesOverflow: Bool, now: Int64
    ) -> BucketState {
        bucket = bucket.refilled(for: part, nowNanoseconds: now)
        let holds = bucket.holds(cost)
        let wait =
            part.canEverAdmit(cost: cost)
            ? bucket.nanosecondsUntilHolding(cost, limit: part, nowNanoseconds: now) : Self.outageWaitNanoseconds
        if holds { bucket.spend(cost) }
        noteFull(part)
        return BucketState(
            verdict: holds ? .admits : limit.canEverAdmit(cost: cost) ? .refuses : .refusesForGood, shadow: part.shadow,
            sharesOverflow: sharesOverflow, remainingTokens: bucket.wholeTokens,
            fullAfterNanoseconds: bucket.nanosecondsUntilFull(limit: part, nowNanoseconds: now),
            waitNanoseconds: holds ? 0 : wait)
    }

    /// Puts back what another limit of the same request made useless.
    mutating func putBack(_ cost: Int, part: RateLimit) {
        bucket.putBack(cost, limit: part)
        noteFull(part)
    }

    /// Takes what was used already.
    mutating func charge(_ tokens: Int, part: RateLimit) {
        bucket.charge(tokens, limit: part)
        noteFull(part)
    }

    private mutating func noteFull(_ part: RateLimit) {
        fullAtNanoseconds = Int64(clamping: bucket.fullAtNanoseconds(limit: part))
    }
}
