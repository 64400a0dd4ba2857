import Synchronization

/// Token buckets of one process, bounded, shared by all its event loops.
///
/// - **Shards.** Keys spread over 256 tables with a lock each; a call over several shards locks them in ascending
///   order, takes everything or nothing, and only then lets go, so no other call sees half of it.
/// - **Leaving.** Every call examines a few slots of the shard it is in. A bucket that is full again says the same as
///   none and leaves; nothing ever stops to clean up.
/// - **The bound.** At `keysMax` a new key gets no bucket of its own: all new keys of a limit share one overflow
///   bucket, and no live bucket is ever thrown out. Somebody who invents keys therefore neither resets another caller's
///   bucket nor gets more than one bucket's worth (pitfall S22). While an overflow bucket is not full, a new bucket of
///   that limit starts at its level and not full, so a key that was counted there gains nothing by getting room.
package final class MemoryBucketStore: BucketStore {
    /// Live keys unless the configuration says otherwise.
    package static let keysMaxDefault = 1_000_000
    static let shardCount = 256
    private static let slotsSweptByTake = 4
    private static let slotsSweptForRoom = 64

    /// Makes the keys of this store.
    package let hasher: BucketKeyHasher
    /// The bound on live keys.
    package let keysMax: Int
    let shards: [BucketShard]
    let overflow = BucketShard()
    private let liveKeys = Atomic<Int>(0)
    private let overflowKeys = Atomic<Int>(0)
    private let sweepShard = Atomic<Int>(0)

    /// Makes an empty store.
    ///
    /// - Parameters:
    ///   - hasher: with a secret of this process; demands must be made with the same.
    ///   - keysMax: how many buckets may live at once; about 90 bytes each.
    package init(hasher: BucketKeyHasher, keysMax: Int = keysMaxDefault) {
        self.hasher = hasher
        self.keysMax = keysMax
        shards = (0..<Self.shardCount).map { _ in BucketShard() }
    }

    /// Takes all demands or none; never unavailable.
    package func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
        .decided(takeNow(demands, nowNanoseconds: nowNanoseconds))
    }

    /// Takes all demands or none, without waiting.
    ///
    /// - Parameter nowNanoseconds: monotonic time; a step back refills nothing and takes nothing away.
    package func takeNow(_ demands: [BucketDemand], nowNanoseconds: Int64) -> Admission {
        guard let first = demands.first else { return .admitted(BucketStates()) }
        guard demands.count > 1 else { return takeNow(first, nowNanoseconds: nowNanoseconds) }
        return takeTogether(demands, nowNanoseconds: nowNanoseconds)
    }

    /// Takes one demand, without waiting; the warm path, which allocates nothing when the bucket exists.
    package func takeNow(_ demand: BucketDemand, nowNanoseconds: Int64) -> Admission {
        let warm: Admission? = shards[shardIndex(of: demand.key)].table.withLock { table in
            let nowNanoseconds = table.instant(nowNanoseconds)
            sweep(&table, slots: Self.slotsSweptByTake, nowNanoseconds: nowNanoseconds)
            guard let index = table.find(demand.key) else { return nil }
            let limit = demand.limit
            var trial = BucketTrial(key: demand.key)
            trial.judge(
                demand, bucket: table.slots[index].bucket.refilled(for: limit, nowNanoseconds: nowNanoseconds),
                wanted: demand.cost)
            let state = trial.state(of: demand, taken: true, nowNanoseconds: nowNanoseconds)
            let admission = Admission(BucketStates(state))
            if trial.verdict == .admits {
                let bucket = trial.bucketAfterwards(limit)
                table.update(index, bucket, fullAtNanoseconds: bucket.fullAtNanoseconds(limit: limit))
            }
            table.gauges.count(admission, of: demand)
            return admission
        }
        return warm ?? takeTogether([demand], nowNanoseconds: nowNanoseconds)
    }

    /// Lets full buckets leave from the next shards in turn; for a timer, so that an idle node gives its memory back
    /// too.
    ///
    /// - Parameter shardCount: how many of the 256 shards to go through; one is some tens of microseconds at a million
    ///   keys.
    package func sweep(shardCount: Int, nowNanoseconds: Int64) {
        for _ in 0..<shardCount {
            let next = sweepShard.wrappingAdd(1, ordering: .relaxed).oldValue & (Self.shardCount - 1)
            shards[next].table.withLock { table in
                // A slot whose bucket leaves is looked at twice, for another may have moved into it.
                let examined = table.slots.count + table.count
                sweep(&table, slots: examined, nowNanoseconds: table.instant(nowNanoseconds))
            }
        }
        overflow.table.withLock { table in
            let now = table.instant(nowNanoseconds)
            let removed = table.sweep(slots: Self.slotsSweptForRoom, nowNanoseconds: now)
            overflowKeys.wrappingSubtract(removed, ordering: .releasing)
        }
    }

    /// The counts of all shards, each read under its lock.
    package func gauges() -> BucketGauges {
        var sum = BucketGauges()
        for shard in shards {
            sum.add(
                shard.table.withLock { table in
                    var gauges = table.gauges
                    gauges.liveKeys = table.count
                    return gauges
                })
        }
        sum.liveKeys += overflowKeys.load(ordering: .relaxed)
        return sum
    }

    // MARK: - Several buckets, and buckets that do not exist yet

    private func takeTogether(_ demands: [BucketDemand], nowNanoseconds: Int64) -> Admission {
        var call = BucketCall(demands, nowNanoseconds: nowNanoseconds, shardIndex: shardIndex(of:))
        return descend(&call, from: 0)
    }

    /// Locks the shards of the call one inside the other, decides under the innermost, and takes on the way out: no
    /// lock is let go before the decision is made. The order of shards ascends, so two calls cannot wait for each
    /// other.
    private func descend(_ call: inout BucketCall, from position: Int) -> Admission {
        guard position < call.order.count else { return decide(&call) }
        let demands = position..<call.endOfShard(from: position)
        return shards[call.order[position].shard].table.withLock { table in
            call.nowNanoseconds = table.instant(call.nowNanoseconds)
            sweep(&table, slots: Self.slotsSweptByTake, nowNanoseconds: call.nowNanoseconds)
            let reserved = findOrReserve(&call, positions: demands, in: &table)
            let admission = descend(&call, from: demands.upperBound)
            let inserted = admission.isAdmitted ? commit(call, positions: demands, to: &table) : 0
            liveKeys.wrappingAdd(inserted - reserved, ordering: .relaxed)
            if position == 0 { table.gauges.count(admission, of: call.demands[0]) }
            return admission
        }
    }

    /// Judges the demands that have a bucket and reserves room for the others.
    ///
    /// - Returns: how many places were reserved.
    private func findOrReserve(
        _ call: inout BucketCall, positions: Range<Int>, in table: inout BucketTable
    ) -> Int {
        var reserved = 0
        for position in positions {
            let index = call.order[position].index
            if let twin = call.earlierTwin(of: index), call.trials[twin].place != .shard {
                call.trials[index].place = call.trials[twin].place
                call.trials[index].key = call.trials[twin].key
            } else if let slot = table.find(call.trials[index].key) {
                call.judge(index, slot: slot, of: table)
            } else if reserve(&table, nowNanoseconds: call.nowNanoseconds) {
                call.trials[index].place = .reserved
                reserved += 1
            } else {
                call.trials[index].place = .overflow
                call.trials[index].key = hasher.overflowKey(limitName: call.demands[index].limit.name)
            }
        }
        return reserved
    }

    /// Every shard of the call is locked: judges what has no bucket, under the overflow table's lock where that
    /// matters.
    private func decide(_ call: inout BucketCall) -> Admission {
        guard call.hasOverflow || (call.hasReserved && overflowKeys.load(ordering: .acquiring) > 0) else {
            call.judgeReserved { _ in nil }
            return call.decide()
        }
        return overflow.table.withLock { table in
            call.nowNanoseconds = table.instant(call.nowNanoseconds)
            let swept = table.sweep(slots: Self.slotsSweptByTake, nowNanoseconds: call.nowNanoseconds)
            call.judgeReserved { limit in
                table.find(hasher.overflowKey(limitName: limit.name)).map { table.slots[$0].bucket }
            }
            for index in call.trials.indices where call.trials[index].place == .overflow {
                call.judge(index, slot: table.find(call.trials[index].key), of: table)
            }
            let admission = call.decide()
            var inserted = 0
            if admission.isAdmitted {
                for index in call.trials.indices where call.trials[index].place == .overflow {
                    inserted += Self.take(call, index, from: &table)
                }
            }
            overflowKeys.wrappingAdd(inserted - swept, ordering: .releasing)
            return admission
        }
    }

    private func commit(_ call: BucketCall, positions: Range<Int>, to table: inout BucketTable) -> Int {
        var inserted = 0
        for position in positions where call.trials[call.order[position].index].place != .overflow {
            inserted += Self.take(call, call.order[position].index, from: &table)
        }
        return inserted
    }

    /// Takes what was judged; a shadow that would have refused takes nothing.
    ///
    /// - Returns: 1 when the table has a bucket more, else 0.
    private static func take(_ call: BucketCall, _ index: Int, from table: inout BucketTable) -> Int {
        let trial = call.trials[index]
        guard trial.verdict == .admits else { return 0 }
        let bucket = trial.bucketAfterwards(call.demands[index].limit)
        let fullAt = bucket.fullAtNanoseconds(limit: call.demands[index].limit)
        guard let existing = table.find(trial.key) else {
            table.insert(trial.key, bucket, fullAtNanoseconds: fullAt)
            return 1
        }
        table.update(existing, bucket, fullAtNanoseconds: fullAt)
        return 0
    }

    // MARK: - Room

    private func reserve(_ table: inout BucketTable, nowNanoseconds: Int64) -> Bool {
        if reserveOne() { return true }
        sweep(&table, slots: Self.slotsSweptForRoom, nowNanoseconds: nowNanoseconds)
        return reserveOne()
    }

    private func reserveOne() -> Bool {
        guard liveKeys.wrappingAdd(1, ordering: .relaxed).newValue > keysMax else { return true }
        liveKeys.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    private func sweep(_ table: inout BucketTable, slots: Int, nowNanoseconds: Int64) {
        let removed = table.sweep(slots: slots, nowNanoseconds: nowNanoseconds)
        if removed > 0 { liveKeys.wrappingSubtract(removed, ordering: .relaxed) }
    }

    /// Changes the table that a key belongs to.
    func withTable(of key: BucketKey, _ change: (inout BucketTable) -> Void) {
        shards[shardIndex(of: key)].table.withLock { change(&$0) }
    }

    func shardIndex(of key: BucketKey) -> Int {
        Int(truncatingIfNeeded: key.low) & (Self.shardCount - 1)
    }
}
