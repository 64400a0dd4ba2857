/// What a request asks of one bucket.
package struct BucketDemand: Sendable {
    /// The limit that the bucket obeys; a changed limit takes effect on live buckets at once.
    package let limit: RateLimit
    /// Which bucket.
    package let key: BucketKey
    /// Tokens to take; 0 only looks, less counts as 0.
    package let cost: Int
    /// The rendered key as text, for a store that names its keys; empty where only this process counts.
    package var keyText: ArraySlice<UInt8> = []

    init(limit: RateLimit, key: BucketKey, cost: Int) {
        self.limit = limit
        self.key = key
        self.cost = max(cost, 0)
    }
}
