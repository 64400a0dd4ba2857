import Synchronization

extension MemoryBucketStore {
    /// Charges what cost more than it paid, and takes back what cost less.
    package func settle(_ settlements: [BucketSettlement], nowNanoseconds: Int64) {
        for settlement in settlements {
            let (demand, delta) = (settlement.demand, settlement.deltaTokens)
            shards[shardIndex(of: demand.key)].table.withLock { $0.gauges.settled.count(settlement) }
            if delta > 0 { _ = takeNow(demand.charging(delta), nowNanoseconds: nowNanoseconds) }
            if delta < 0 { putBack(-delta, demand, nowNanoseconds: nowNanoseconds) }
        }
    }

    /// A bucket that is not there is full, or shares the overflow of its limit, where nobody can say whose tokens are whose: nothing
    /// comes back then.
    private func putBack(_ tokens: Int, _ demand: BucketDemand, nowNanoseconds: Int64) {
        let limit = demand.limit
        shards[shardIndex(of: demand.key)].table.withLock { table in
            let now = table.instant(nowNanoseconds)
            guard let index = table.find(demand.key) else { return }
            var bucket = table.slots[index].bucket.refilled(for: limit, nowNanoseconds: now)
            bucket.putBack(tokens, limit: limit)
            table.update(index, bucket, fullAtNanoseconds: bucket.fullAtNanoseconds(limit: limit))
        }
    }
}
