/// The buckets of one shard: an open-addressing table of 40-byte slots, linear probing, no tombstones.
///
/// It grows and shrinks with what it holds. A rehash moves one shard only (about 4,000 buckets of a million), so nobody
/// waits for the whole table.
struct BucketTable: Sendable {
    /// One bucket; `fullAtNanoseconds` 0 marks a vacant slot.
    struct Slot: Sendable {
        var key: BucketKey
        var bucket: TokenBucket
        var fullAtNanoseconds: UInt64

        static let vacant = Slot(key: BucketKey((0, 0)), bucket: TokenBucket.vacant, fullAtNanoseconds: 0)
    }

    private static let slotsMin = 16

    private(set) var slots: [Slot] = []
    private(set) var count = 0
    private var sweepCursor = 0
    private var latestNanoseconds: Int64 = 0
    var gauges = BucketGauges()

    /// The time of this shard, which never goes back: a bucket that left because it was full must not come back full at
    /// an earlier time and be refilled for the same stretch again.
    mutating func instant(_ nowNanoseconds: Int64) -> Int64 {
        latestNanoseconds = max(latestNanoseconds, nowNanoseconds)
        return latestNanoseconds
    }

    /// The slot of a key, or nil.
    func find(_ key: BucketKey) -> Int? {
        guard count > 0 else { return nil }
        let mask = slots.count - 1
        var index = Self.home(of: key, mask: mask)
        while slots[index].fullAtNanoseconds != 0 {
            if slots[index].key == key { return index }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Replaces the bucket in a slot.
    mutating func update(_ index: Int, _ bucket: TokenBucket, fullAtNanoseconds: UInt64) {
        slots[index].bucket = bucket
        slots[index].fullAtNanoseconds = max(fullAtNanoseconds, 1)
    }

    /// Adds a bucket whose key is not in the table.
    mutating func insert(_ key: BucketKey, _ bucket: TokenBucket, fullAtNanoseconds: UInt64) {
        if (count + 1) * 4 > slots.count * 3 { rehash(slotCount: max(slots.count * 2, Self.slotsMin)) }
        place(Slot(key: key, bucket: bucket, fullAtNanoseconds: max(fullAtNanoseconds, 1)))
        count += 1
    }

    /// Examines the next slots in turn and lets full buckets leave; a full bucket says the same as none.
    ///
    /// - Returns: how many left.
    mutating func sweep(slots examined: Int, nowNanoseconds: Int64) -> Int {
        guard count > 0 else { return 0 }
        let now = UInt64(max(nowNanoseconds, 0))
        let mask = slots.count - 1
        var removed = 0
        for _ in 0..<examined {
            let index = sweepCursor & mask
            let fullAt = slots[index].fullAtNanoseconds
            if fullAt != 0, fullAt <= now {
                // Another bucket may have moved into this slot: look at it again next time.
                remove(at: index)
                removed += 1
            } else {
                sweepCursor = index + 1
            }
        }
        guard removed > 0 else { return 0 }
        gauges.evicted &+= UInt64(removed)
        if slots.count > Self.slotsMin, count * 8 < slots.count { rehash(slotCount: slots.count / 2) }
        return removed
    }

    /// Closes the gap that a removed bucket leaves, so that probing needs no tombstones.
    private mutating func remove(at removed: Int) {
        let mask = slots.count - 1
        var gap = removed
        var index = (gap + 1) & mask
        while slots[index].fullAtNanoseconds != 0 {
            let home = Self.home(of: slots[index].key, mask: mask)
            if (index - home) & mask >= (index - gap) & mask {
                slots[gap] = slots[index]
                gap = index
            }
            index = (index + 1) & mask
        }
        slots[gap] = .vacant
        count -= 1
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var index = Self.home(of: slot.key, mask: mask)
        while slots[index].fullAtNanoseconds != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    private mutating func rehash(slotCount: Int) {
        let old = slots
        slots = Array(repeating: .vacant, count: slotCount)
        for slot in old where slot.fullAtNanoseconds != 0 { place(slot) }
    }

    private static func home(of key: BucketKey, mask: Int) -> Int {
        Int(truncatingIfNeeded: key.high) & mask
    }
}
