/// A call over several buckets, or over buckets that do not exist yet, while it is being decided.
struct BucketCall {
    let demands: [BucketDemand]
    var trials: [BucketTrial]
    /// The demands by shard, then by their own order: the order of locking.
    let order: [(shard: Int, index: Int)]
    /// The latest time of all shards looked at so far.
    var nowNanoseconds: Int64

    init(_ demands: [BucketDemand], nowNanoseconds: Int64, shardIndex: (BucketKey) -> Int) {
        self.demands = demands
        self.nowNanoseconds = nowNanoseconds
        trials = demands.map { BucketTrial(key: $0.key) }
        var order: [(shard: Int, index: Int)] = []
        order.reserveCapacity(demands.count)
        for index in demands.indices {
            let shard = shardIndex(demands[index].key)
            // Insertion, for there are two or three; demands of one shard keep their order.
            let place = order.firstIndex { $0.shard > shard } ?? order.count
            order.insert((shard, index), at: place)
        }
        self.order = order
    }

    /// The end of the run of demands that share the shard of the demand at this position of `order`.
    func endOfShard(from position: Int) -> Int {
        var end = position + 1
        while end < order.count, order[end].shard == order[position].shard { end += 1 }
        return end
    }

    var hasReserved: Bool { trials.contains { $0.place == .reserved } }
    var hasOverflow: Bool { trials.contains { $0.place == .overflow } }

    /// The first demand of this call with the same key, if that is an earlier one.
    func earlierTwin(of index: Int) -> Int? {
        demands[..<index].firstIndex { $0.key == demands[index].key }
    }

    /// Judges a demand against the bucket in a slot of a table, or against a full one.
    mutating func judge(_ index: Int, slot: Int?, of table: BucketTable) {
        judge(index, bucket: slot.map { table.slots[$0].bucket })
    }

    /// Judges the demands whose buckets are new: full, or at the level of the limit's overflow bucket if there is one.
    mutating func judgeReserved(overflowLevel: (RateLimit) -> TokenBucket?) {
        for index in trials.indices where trials[index].place == .reserved {
            judge(index, bucket: overflowLevel(demands[index].limit))
        }
    }

    private mutating func judge(_ index: Int, bucket: TokenBucket?) {
        let limit = demands[index].limit
        let bucket =
            bucket?.refilled(for: limit, nowNanoseconds: nowNanoseconds)
            ?? TokenBucket(full: limit, nowNanoseconds: nowNanoseconds)
        let earlier = trials[..<index].last { $0.key == trials[index].key && $0.verdict == .admits }
        let (wanted, overflow) = (earlier?.wanted ?? 0).addingReportingOverflow(demands[index].cost)
        trials[index].judge(demands[index], bucket: bucket, wanted: overflow ? .max : wanted)
    }

    /// The decision, once every demand is judged.
    func decide() -> Admission {
        let refuses = trials.indices.contains { trials[$0].verdict != .admits && !demands[$0].limit.shadow }
        let states = trials.indices.map { index in
            trials[index].state(of: demands[index], taken: !refuses, nowNanoseconds: nowNanoseconds)
        }
        return Admission(BucketStates(states))
    }
}
