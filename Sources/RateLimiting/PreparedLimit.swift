/// A limit with its name already hashed: what a gateway keeps of each limit to make demands without allocating.
package struct PreparedLimit: Sendable {
    /// The limit.
    package let limit: RateLimit
    private let prefix: SipHash128

    init(limit: RateLimit, prefix: SipHash128) {
        self.limit = limit
        self.prefix = prefix
    }

    /// A demand on the bucket of a rendered key, without the text; for stores in this process.
    package func demand(on key: UnsafeRawBufferPointer, cost: Int = 1) -> BucketDemand {
        var hash = prefix
        hash.absorb(field: key)
        return BucketDemand(limit: limit, key: BucketKey(hash.finish()), cost: cost)
    }

    /// A demand on the bucket of a rendered key that keeps the text, for a store that names its keys.
    package func demand(on key: ArraySlice<UInt8>, cost: Int = 1) -> BucketDemand {
        var demand = key.withUnsafeBytes { self.demand(on: $0, cost: cost) }
        demand.keyText = key
        return demand
    }

    /// A demand on the bucket of a rendered key.
    package func demand(on key: String, cost: Int = 1) -> BucketDemand {
        var key = key
        return key.withUTF8 { demand(on: UnsafeRawBufferPointer($0), cost: cost) }
    }

    /// A demand on the bucket of several values, each a field of its own: ("a", "b:c") and ("a:b", "c") are two
    /// buckets.
    package func demand(onFields fields: [String], cost: Int = 1) -> BucketDemand {
        var hash = prefix
        for field in fields {
            var field = field
            field.withUTF8 { hash.absorb(field: UnsafeRawBufferPointer($0)) }
        }
        return BucketDemand(limit: limit, key: BucketKey(hash.finish()), cost: cost)
    }
}
