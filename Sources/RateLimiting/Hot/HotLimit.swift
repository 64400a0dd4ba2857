/// A bucket that was lately asked, as one node saw it.
package struct HotLimit: Sendable, Hashable {
    /// The limit that it obeys.
    package let limit: RateLimit
    /// Which bucket.
    package let key: BucketKey
    /// The fields of its key, cut to a length that a page bears.
    package let fields: [String]
    /// Demands a second, those that were refused included; an estimate.
    package internal(set) var requestsPerSecond: Double
    /// Demands a second that this bucket refused.
    package internal(set) var refusedPerSecond: Double
    /// Whole tokens left, refilled up to now from what the last answer said.
    package internal(set) var remainingTokens: Int
    /// Monotonic nanoseconds of the last demand that was noted.
    package internal(set) var seenNanoseconds: Int64
}
