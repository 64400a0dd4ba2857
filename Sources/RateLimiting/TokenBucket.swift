/// The bucket function: every store, in memory or remote, must decide as this one does.
///
/// The level is an integer number of *units*, 60,000,000,000 to a token, because then one nanosecond at a rate of R
/// tokens a minute brings exactly R units. Nothing is ever rounded, so nothing drifts:
///
/// - **Never more.** `0 ≤ level ≤ capacity` always holds. In an interval of T nanoseconds the level can rise by at most
///   `rate × T` units, and every admitted token takes 60e9 units away. So what is admitted in any interval, wherever it
///   begins, is at most `level at its begin + rate × T ≤ capacity + rate × T` units: tokens ≤ burst + ⌊rate × T /
///   60e9⌋.
/// - **No less.** Nothing but admission lowers the level, and refill is cut only at a full bucket. A caller that starts
///   at a full bucket, empties it and asks again as soon as a token is due gets exactly burst + ⌊rate × T / 60e9⌋.
/// - **A clock that goes back adds nothing and takes nothing.** The bucket keeps the latest time it has seen.
/// - **A bucket may owe.** What turns out to have cost more than was taken is charged all the same: the level falls below 0, by
///   ``RateLimit/debtTokensMax`` at most, and nothing is admitted before refill has brought it back.
///
/// Sixteen bytes: 66 bits of level with its sign, of which the largest burst uses 63 (10⁸ tokens are 6 × 10¹⁸ units), and 62 bits of
/// time (146 years of nanoseconds).
package struct TokenBucket: Sendable, Hashable {
    /// Units that make one token.
    package static let unitsPerToken: UInt64 = 60_000_000_000

    private static let timeBits: UInt64 = 62
    private static let timeMask: UInt64 = (1 << timeBits) - 1

    private var levelLow: UInt64
    private var levelHighAndTime: UInt64

    private init(units: Int128, updatedNanoseconds: UInt64) {
        levelLow = UInt64(truncatingIfNeeded: units)
        levelHighAndTime =
            UInt64(truncatingIfNeeded: units >> 64) << Self.timeBits | updatedNanoseconds & Self.timeMask
    }

    /// What a vacant slot of a table holds.
    static let vacant = TokenBucket(units: 0, updatedNanoseconds: 0)

    /// A full bucket.
    package init(full limit: RateLimit, nowNanoseconds: Int64) {
        self.init(units: Self.units(limit.capacityTokens), updatedNanoseconds: Self.instant(nowNanoseconds))
    }

    /// The level in units of 1/60,000,000,000 token, as of `updatedNanoseconds`; less than 0 while the bucket owes.
    package var units: Int128 {
        Int128(Int64(bitPattern: levelHighAndTime) >> Int64(Self.timeBits)) << 64 | Int128(levelLow)
    }

    /// The latest time this bucket has seen.
    package var updatedNanoseconds: UInt64 { levelHighAndTime & Self.timeMask }

    /// Whole tokens left, 0 while the bucket owes.
    package var wholeTokens: Int {
        let units = max(units, 0)
        guard let small = UInt64(exactly: units) else { return Int(units / Int128(Self.unitsPerToken)) }
        return Int(small / Self.unitsPerToken)
    }

    /// The bucket as it stands at a later time; an earlier time changes nothing but a capacity that was made smaller.
    package func refilled(for limit: RateLimit, nowNanoseconds: Int64) -> TokenBucket {
        let now = Self.instant(nowNanoseconds)
        let updated = updatedNanoseconds
        let elapsed = now > updated ? now - updated : 0
        let gained = Int128(elapsed) * Int128(limit.ratePerMinute)
        return TokenBucket(
            units: min(Self.units(limit.capacityTokens), units + gained), updatedNanoseconds: max(now, updated))
    }

    /// Whether the level covers the cost; a look costs nothing, and so is covered always.
    package func holds(_ costTokens: Int) -> Bool { costTokens <= 0 || units >= Self.units(costTokens) }

    /// Takes the cost; a cost above the level empties the bucket.
    package mutating func spend(_ costTokens: Int) {
        let cost = Self.units(costTokens)
        let held = units
        self = TokenBucket(units: held > cost ? held - cost : min(held, 0), updatedNanoseconds: updatedNanoseconds)
    }

    /// Takes tokens that were used already, whether they are there or not: the bucket then owes them.
    package mutating func charge(_ tokens: Int, limit: RateLimit) {
        let lowest = min(units, -Self.units(limit.debtTokensMax))
        self = TokenBucket(units: max(units - Self.units(tokens), lowest), updatedNanoseconds: updatedNanoseconds)
    }

    /// Puts tokens back that were taken and not used; never more than the burst.
    package mutating func putBack(_ tokens: Int, limit: RateLimit) {
        let full = Self.units(limit.capacityTokens)
        self = TokenBucket(units: min(full, units + Self.units(tokens)), updatedNanoseconds: updatedNanoseconds)
    }

    /// Takes the cost if the bucket, refilled up to now, covers it; otherwise takes nothing.
    ///
    /// - Returns: what is left, or when to come again.
    package mutating func take(cost: Int = 1, limit: RateLimit, nowNanoseconds: Int64) -> TokenDecision {
        guard limit.canEverAdmit(cost: cost) else { return .refused(retryAfterNanoseconds: nil) }
        self = refilled(for: limit, nowNanoseconds: nowNanoseconds)
        guard holds(cost) else {
            let wait = nanosecondsUntilHolding(cost, limit: limit, nowNanoseconds: nowNanoseconds)
            return .refused(retryAfterNanoseconds: wait)
        }
        spend(cost)
        return .admitted(remainingTokens: wholeTokens)
    }

    /// Nanoseconds from now until the level covers the cost, if nobody takes from the bucket; 0 when it does already.
    package func nanosecondsUntilHolding(_ costTokens: Int, limit: RateLimit, nowNanoseconds: Int64) -> Int64 {
        guard costTokens > 0 else { return 0 }
        return nanosecondsUntil(Self.units(costTokens), limit: limit, nowNanoseconds: nowNanoseconds)
    }

    /// Nanoseconds from now until the bucket is full, if nobody takes from it.
    package func nanosecondsUntilFull(limit: RateLimit, nowNanoseconds: Int64) -> Int64 {
        nanosecondsUntil(Self.units(limit.capacityTokens), limit: limit, nowNanoseconds: nowNanoseconds)
    }

    /// The time from which on this bucket says the same as no bucket at all.
    func fullAtNanoseconds(limit: RateLimit) -> UInt64 {
        let missing = Self.units(limit.capacityTokens) - min(units, Self.units(limit.capacityTokens))
        let (sum, overflow) = updatedNanoseconds.addingReportingOverflow(
            Self.quotientRoundedUp(missing, by: UInt64(limit.ratePerMinute)))
        return overflow ? .max : sum
    }

    private func nanosecondsUntil(_ wanted: Int128, limit: RateLimit, nowNanoseconds: Int64) -> Int64 {
        let held = units
        guard held < wanted else { return 0 }
        let refill = Self.quotientRoundedUp(wanted - held, by: UInt64(limit.ratePerMinute))
        // A clock that stands behind the bucket has to catch up before the refill begins.
        let behind = updatedNanoseconds - min(updatedNanoseconds, Self.instant(nowNanoseconds))
        let (sum, overflow) = refill.addingReportingOverflow(behind)
        return overflow ? .max : Int64(clamping: sum)
    }

    private static func units(_ tokens: Int) -> Int128 {
        Int128(max(tokens, 0)) * Int128(unitsPerToken)
    }

    private static func instant(_ nanoseconds: Int64) -> UInt64 {
        min(UInt64(max(nanoseconds, 0)), timeMask)
    }

    private static func quotientRoundedUp(_ dividend: Int128, by divisor: UInt64) -> UInt64 {
        guard divisor > 0 else { return dividend == 0 ? 0 : .max }
        // Nearly always the level fits 64 bits, where a division costs a tenth of the wide one.
        guard let small = UInt64(exactly: dividend) else {
            return UInt64(clamping: (dividend - 1) / Int128(divisor) + 1)
        }
        return small == 0 ? 0 : (small - 1) / divisor + 1
    }
}
