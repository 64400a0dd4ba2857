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
        /// Runs what no request waits for, to be cancelled before what the store uses is closed; false when that has begun and
        /// nothing is run any more.
        package var spawn: @Sendable (@escaping @Sendable () async -> Void) -> Bool = { work in
            Task { await work() }
            return true
        }
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

    static let shardCount = 64

    /// Makes the keys of this book.
    package let hasher: BucketKeyHasher
    let rules: LeaseRules
    let around: Surroundings
    let shards: [LeaseShard]
    let isReclaiming = Atomic(false)
    private let breaker = Mutex(StoreBreaker())
    /// What the breaker says, to be read without its lock.
    private let isOpen = Atomic(false)
    /// What may still be made of new buckets in the shared store.
    private let newKeys: Mutex<NewKeyBudget>
    private let forgetCursor = Atomic(0)

    /// Makes an empty book.
    package init(hasher: BucketKeyHasher, rules: LeaseRules = LeaseRules(), surroundings: Surroundings) {
        self.hasher = hasher
        self.rules = rules
        around = surroundings
        newKeys = Mutex(
            NewKeyBudget(perMinute: rules.newKeysPerMinuteMax, nowNanoseconds: surroundings.nowNanoseconds()))
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

    // MARK: new buckets

    /// Whether the shared store may be asked about buckets that it perhaps does not know.
    func mayMakeKeys(_ count: Int, now: Int64) -> Bool { newKeys.withLock { $0.holds(count, nowNanoseconds: now) } }

    /// Counts what a call made.
    func noteMade(_ grants: [BucketGrant], for key: BucketKey, now: Int64) {
        let made = grants.filter(\.isNew)
        guard !made.isEmpty else { return }
        let lasting = made.count { $0.fullAfterMicroseconds >= Self.lastingMicroseconds }
        if lasting > 0 { newKeys.withLock { $0.spend(lasting, nowNanoseconds: now) } }
        with(key) { $0.gauges.keysMade &+= UInt64(made.count) }
    }

    /// Buckets that are full again within five seconds are gone by then: a caller whose bucket refills between two requests makes it anew
    /// with each of them, and there are never more of them than the requests of so long.
    private static let lastingMicroseconds: Int64 = 5_000_000

    /// Counts buckets that were not made.
    func noteWithheld(_ count: Int, for key: BucketKey, now: Int64) {
        newKeys.withLock { $0.withheldNanoseconds = now }
        with(key) { $0.gauges.keysWithheld &+= UInt64(count) }
    }

    /// Whether new buckets were counted here alone within the last minute, for want of room among ``LeaseRules/newKeysPerMinuteMax``.
    package var isWithholdingKeys: Bool {
        let now = around.nowNanoseconds()
        return newKeys.withLock { $0.withheldNanoseconds.map { now - $0 < 60_000_000_000 } ?? false }
    }

    // MARK: the breaker

    /// Whether the store is being asked.
    package var isStoreAsked: Bool { !isOpen.load(ordering: .acquiring) }

    func storeAnswered() { breaker.withLock { $0.succeeded() } }

    /// - Returns: when the store is not asked from now on, nanoseconds until the first probe.
    func storeFailed(_ reason: String) -> Int64? {
        let jitter = around.jitter()
        let wait = breaker.withLock { breaker in
            let wait = breaker.failed(jitter: jitter)
            isOpen.store(!breaker.isClosed, ordering: .releasing)
            return wait
        }
        if wait != nil { around.onChange(reason) }
        return wait
    }

    /// - Returns: nanoseconds until the next probe; nil when the store is asked again.
    func storeProbed(answered: Bool) -> Int64? {
        let jitter = around.jitter()
        let wait = breaker.withLock { breaker in
            let wait = breaker.probed(answered: answered, jitter: jitter)
            isOpen.store(!breaker.isClosed, ordering: .releasing)
            return wait
        }
        if wait == nil { around.onChange(nil) }
        return wait
    }
}
