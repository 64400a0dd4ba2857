import Synchronization

/// A part of a node's buckets with a lock of its own.
final class LeaseShard: Sendable {
    struct Table: Sendable {
        var entries: [BucketKey: LeaseState] = [:]
        /// Keys whose bucket may hold tokens, with the limit and the fields that name it.
        var holding: [BucketKey: BucketDemand] = [:]
        var gauges = SharedLimitGauges()
        var entriesMax = 0

        /// Changes the state of a bucket; one that there is no room for is not remembered.
        mutating func withState<R>(
            _ key: BucketKey, always: Bool = false, _ change: (inout LeaseState) -> R
        ) -> R {
            guard always || hasRoom(key) else {
                var passing = LeaseState()
                return change(&passing)
            }
            return change(&entries[key, default: LeaseState()])
        }

        /// Whether the bucket is remembered, or can be.
        func hasRoom(_ key: BucketKey) -> Bool { entries.count < entriesMax || entries[key] != nil }

        /// Forgets what would not be missed; looks at all of this shard.
        mutating func forget(now: Int64) {
            for (key, state) in entries where state.isForgettable(now: now) {
                entries[key] = nil
                holding[key] = nil
            }
        }
    }

    let table: Mutex<Table>

    init(entriesMax: Int) {
        var table = Table()
        table.entriesMax = entriesMax
        self.table = Mutex(table)
    }
}
