/// How one bucket stands after a request was decided.
package struct BucketState: Sendable, Hashable {
    /// What this bucket alone said.
    package enum Verdict: Sendable, Hashable {
        /// It covers the cost.
        case admits
        /// It does not cover the cost now.
        case refuses
        /// It never will: no rate, or a cost above the burst.
        case refusesForGood
    }

    /// What this bucket alone said, before the others were heard.
    package var verdict: Verdict
    /// Whether the limit only counts.
    package var shadow: Bool
    /// Whether the key had no room of its own and shares the limit's overflow bucket.
    package var sharesOverflow: Bool
    /// Whole tokens left, after this request where it was admitted.
    package var remainingTokens: Int
    /// Nanoseconds until the bucket is full, if nobody takes from it.
    package var fullAfterNanoseconds: Int64
    /// Nanoseconds until this bucket covers the cost, 0 when it does; meaningless when it never will.
    package var waitNanoseconds: Int64

    /// Whether this bucket is a reason to refuse.
    package var isRefusal: Bool { !shadow && verdict != .admits }
    /// Whether this bucket would have refused, were it not a shadow.
    package var isShadowRefusal: Bool { shadow && verdict != .admits }
}
