import Synchronization

/// What operators do to single buckets.
extension MemoryBucketStore {
    /// How a bucket stands; takes nothing.
    package func look(_ demand: BucketDemand, nowNanoseconds: Int64) -> BucketLook {
        var found: TokenBucket?
        withTable(of: demand.key) { table in found = table.find(demand.key).map { table.slots[$0].bucket } }
        if let found { return BucketLook(found, demand.limit, nowNanoseconds: nowNanoseconds) }
        let overflowKey = hasher.overflowKey(limitName: demand.limit.name)
        let shared = overflow.table.withLock { table in table.find(overflowKey).map { table.slots[$0].bucket } }
        guard let shared else {
            return BucketLook(
                TokenBucket(full: demand.limit, nowNanoseconds: nowNanoseconds), demand.limit,
                nowNanoseconds: nowNanoseconds)
        }
        var look = BucketLook(shared, demand.limit, nowNanoseconds: nowNanoseconds)
        look.sharesOverflow = true
        return look
    }

    /// Fills a bucket.
    ///
    /// - Returns: how it stood before. One that counts with others stays as it is, for it is theirs too.
    package func reset(_ demand: BucketDemand, nowNanoseconds: Int64) -> BucketLook {
        let before = look(demand, nowNanoseconds: nowNanoseconds)
        withTable(of: demand.key) { table in
            guard let index = table.find(demand.key) else { return }
            let full = TokenBucket(full: demand.limit, nowNanoseconds: table.instant(nowNanoseconds))
            // Full buckets leave at the next look.
            table.update(index, full, fullAtNanoseconds: full.fullAtNanoseconds(limit: demand.limit))
        }
        return before
    }
}

extension BucketLook {
    fileprivate init(_ bucket: TokenBucket, _ limit: RateLimit, nowNanoseconds: Int64) {
        let bucket = bucket.refilled(for: limit, nowNanoseconds: nowNanoseconds)
        let wait = bucket.nanosecondsUntilFull(limit: limit, nowNanoseconds: nowNanoseconds)
        self.init(
            remainingTokens: bucket.wholeTokens,
            fullAfterMilliseconds: wait / 1_000_000 + (wait % 1_000_000 > 0 ? 1 : 0))
    }
}
