/// A limit with its name already hashed: what a gateway keeps of each limit to make demands without allocating.
package struct PreparedLimit: Sendable {
    /// The limit.
    package let limit: RateLimit
    private let prefix: SipHash128

    init(limit: RateLimit, prefix: SipHash128) {
        self.limit = limit
        self.prefix = prefix
    }

    /// A demand on the bucket of one value.
    package func demand(on key: String, cost: Int = 1) -> BucketDemand {
        var hash = prefix
        Self.absorb(key, into: &hash)
        return BucketDemand(limit: limit, key: BucketKey(hash.finish()), fields: .one(key), cost: cost)
    }

    /// A demand on the bucket of several values, each a field of its own: ("a", "b:c") and ("a:b", "c") are two
    /// buckets.
    package func demand(onFields fields: [String], cost: Int = 1) -> BucketDemand {
        var hash = prefix
        for field in fields { Self.absorb(field, into: &hash) }
        return BucketDemand(limit: limit, key: BucketKey(hash.finish()), fields: .several(fields), cost: cost)
    }

    private static func absorb(_ field: String, into hash: inout SipHash128) {
        var field = field
        field.withUTF8 { hash.absorb(field: UnsafeRawBufferPointer($0)) }
    }
}
