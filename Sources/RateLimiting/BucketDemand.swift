/// What a request asks of one bucket.
package struct BucketDemand: Sendable {
    /// The limit that the bucket obeys; a changed limit takes effect on live buckets at once.
    package let limit: RateLimit
    /// Which bucket.
    package let key: BucketKey
    /// Tokens to take; 0 only looks, less counts as 0.
    package let cost: Int
    /// The fields of the key, for a store that names its buckets.
    package let fields: KeyFields
    /// Whether the cost was used already and is taken whether it is there or not.
    let isCharge: Bool

    init(limit: RateLimit, key: BucketKey, fields: KeyFields, cost: Int, isCharge: Bool = false) {
        self.limit = limit
        self.key = key
        self.fields = fields
        self.cost = max(cost, 0)
        self.isCharge = isCharge
    }
}
