import Synchronization

/// A part of a node's buckets with a lock of its own.
final class LeaseShard: Sendable {
    struct Table: Sendable {
        var entries: [BucketKey: LeaseState] = [:]
        /// Buckets that may hold tokens, with the limit and the fields that name them.
        var holding: [BucketKey: BucketDemand] = [:]
        var gauges = SharedLimitGauges()
        var entriesMax = 0
        private var forgetsAgainNanoseconds: Int64 = .min
        /// How often a full table looks for what it can forget.
        private static let forgetNanoseconds: Int64 = 1_000_000_000

        /// Changes the state of a bucket; one that there is no room for is not remembered.
        mutating func withState<R>(
            _ key: BucketKey, always: Bool = false, now: Int64, _ change: (inout LeaseState) -> R
        ) -> R {
            guard always || hasRoom(key, now: now) else {
                var passing = LeaseState()
                return change(&passing)
            }
            return change(&entries[key, default: LeaseState()])
        }

        /// Changes the state of a bucket in a way that may leave tokens in it: those are looked after from then on.
        mutating func withTokens<R>(
            of demand: BucketDemand, now: Int64, _ change: (inout LeaseState) -> R
        ) -> R {
            let result = withState(demand.key, now: now, change)
            if let index = entries.index(forKey: demand.key), entries.values[index].isToBeReclaimed {
                holding[demand.key] = demand
            }
            return result
        }

        /// Whether the bucket is remembered, or can be.
        mutating func hasRoom(_ key: BucketKey, now: Int64) -> Bool {
            if entries.count < entriesMax || entries[key] != nil { return true }
            guard now >= forgetsAgainNanoseconds else { return false }
            forgetsAgainNanoseconds = now + Self.forgetNanoseconds
            forget(now: now)
            return entries.count < entriesMax
        }

        /// Forgets what would not be missed; looks at all of this shard.
        mutating func forget(now: Int64) {
            for (key, state) in entries where state.isForgettable(now: now) {
                gauges.expired &+= UInt64(state.expiredTokens)
                entries[key] = nil
                holding[key] = nil
            }
        }

        /// Decides from what is held or remembered, in one look; nil when the store has to be asked.
        ///
        /// - Returns: the decision, and the size of the lease to take now, 0 for none.
        mutating func takeNow(
            _ demand: BucketDemand, _ rules: LeaseRules, isStoreAsked: Bool, now: Int64
        ) -> (admission: Admission, lease: Int)? {
            guard let index = entries.index(forKey: demand.key) else { return nil }
            let local = entries.values[index].take(demand.cost, rules, now: now)
            switch local {
            case .taken:
                let lease = isStoreAsked ? entries.values[index].beginRefill(demand.limit, rules, now: now) : 0
                gauges.leased &+= 1
                return (decide(demand.state(admits: true, remaining: entries.values[index].knownTokens)), lease)
            case .refused(let wait):
                guard rules.canEverAdmit(demand.limit, cost: demand.cost) else { return nil }
                let remaining = entries.values[index].knownTokens
                return (decide(demand.state(admits: false, remaining: remaining, wait: wait)), 0)
            case .unknown: return nil
            }
        }

        private mutating func decide(_ state: BucketState) -> Admission {
            let admission = Admission(BucketStates(state))
            gauges.count(admission)
            return admission
        }
    }

    let table: Mutex<Table>

    init(entriesMax: Int) {
        var table = Table()
        table.entriesMax = entriesMax
        self.table = Mutex(table)
    }
}
