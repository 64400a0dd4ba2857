import Synchronization

/// What the event loops of a node share of its leases: the tables, the breaker, and how many nodes live.
package final class LeaseBook: Sendable {
    /// What the book asks of the world.
    package struct Surroundings: Sendable {
        /// Nanoseconds of a monotonic clock.
        package var nowNanoseconds: @Sendable () -> Int64
        /// Returns after that many nanoseconds.
        package var sleep: @Sendable (_ nanoseconds: Int64) async -> Void
        /// A number from 0 to 1, another each time.
        package var jitter: @Sendable () -> Double
        /// Gateways that live, this one included.
        package var nodeCount: @Sendable () -> Int
        /// Runs what no request waits for.
        package var spawn: @Sendable (@escaping @Sendable () async -> Void) -> Void = { work in Task { await work() } }
        /// Told when the store stops being asked, with the reason, and nil when it is asked again.
        package var onChange: @Sendable (_ reason: String?) -> Void

        /// Makes surroundings.
        package init(
            nowNanoseconds: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Int64) async -> Void,
            jitter: @escaping @Sendable () -> Double, nodeCount: @escaping @Sendable () -> Int = { 1 },
            onChange: @escaping @Sendable (String?) -> Void = { _ in }
        ) {
            self.nowNanoseconds = nowNanoseconds
            self.sleep = sleep
            self.jitter = jitter
            self.nodeCount = nodeCount
            self.onChange = onChange
        }
    }

    private static let shardCount = 64

    /// Makes the keys of this book.
    package let hasher: BucketKeyHasher
    let rules: LeaseRules
    let around: Surroundings
    private let shards: [LeaseShard]
    private let breaker = Mutex(StoreBreaker())
    private let isReclaiming = Atomic(false)
    private let forgetCursor = Atomic(0)

    /// Makes an empty book.
    package init(hasher: BucketKeyHasher, rules: LeaseRules = LeaseRules(), surroundings: Surroundings) {
        self.hasher = hasher
        self.rules = rules
        around = surroundings
        shards = (0..<Self.shardCount).map { _ in
            LeaseShard(entriesMax: max(rules.entriesMax / Self.shardCount, 1))
        }
    }

    /// The counts of all shards.
    package func gauges() -> SharedLimitGauges {
        var sum = SharedLimitGauges()
        for shard in shards {
            sum.add(
                shard.table.withLock { table in
                    var gauges = table.gauges
                    gauges.entries = table.entries.count
                    return gauges
                })
        }
        return sum
    }

    /// Whether the store is being asked.
    package var isStoreAsked: Bool { breaker.withLock { $0.isClosed } }

    /// Forgets idle buckets, a few shards at a time; for a timer.
    package func sweep(shardCount: Int) {
        let now = around.nowNanoseconds()
        for _ in 0..<shardCount {
            let next = forgetCursor.wrappingAdd(1, ordering: .relaxed).oldValue & (Self.shardCount - 1)
            shards[next].table.withLock { $0.forget(now: now) }
        }
    }

    func with<R>(_ key: BucketKey, _ change: (inout LeaseShard.Table) -> R) -> R {
        shards[Int(truncatingIfNeeded: key.low) & (Self.shardCount - 1)].table.withLock { change(&$0) }
    }

    // MARK: the breaker

    func wantsToAsk(now: Int64) -> StoreBreaker.Decision { breaker.withLock { $0.wants(now: now) } }

    func storeAnswered() { breaker.withLock { $0.succeeded() } }

    func storeFailed(_ reason: String, now: Int64) {
        let jitter = around.jitter()
        if breaker.withLock({ $0.failed(jitter: jitter, now: now) }) { around.onChange(reason) }
    }

    func storeProbed(answered: Bool, now: Int64) {
        let jitter = around.jitter()
        if breaker.withLock({ $0.probed(answered: answered, jitter: jitter, now: now) }) { around.onChange(nil) }
    }

    // MARK: giving back

    /// Whether the caller is to run the loop that gives idle tokens back.
    func beginReclaiming() -> Bool {
        isReclaiming.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }

    func endReclaiming() { isReclaiming.store(false, ordering: .releasing) }

    /// Takes out what is held and idle.
    ///
    /// - Returns: what to give back, and whether anything is still held.
    func reclaim(now: Int64) -> (asks: [BucketAsk], isHolding: Bool) {
        var asks: [BucketAsk] = []
        var isHolding = false
        for shard in shards {
            shard.table.withLock { table in
                for (key, demand) in table.holding {
                    guard var state = table.entries[key] else {
                        table.holding[key] = nil
                        continue
                    }
                    for batch in state.reclaim(rules, now: now) {
                        asks.append(giveBack(demand, batch))
                        table.gauges.returned &+= UInt64(batch.tokens)
                    }
                    if state.heldTokens == 0 { table.holding[key] = nil } else { isHolding = true }
                    table.entries[key] = state
                }
            }
        }
        return (asks, isHolding)
    }

    private func giveBack(_ demand: BucketDemand, _ batch: LeaseState.Batch) -> BucketAsk {
        BucketAsk(
            name: BucketName(limit: demand.limit.name, fields: demand.fields),
            capacityTokens: rules.sharedCapacity(demand.limit), ratePerMinute: demand.limit.ratePerMinute,
            minimumTokens: 0, wantedTokens: -batch.tokens,
            returnsUntilMicroseconds: batch.takenMicroseconds + rules.lifetimeNanoseconds / 1_000)
    }
}
