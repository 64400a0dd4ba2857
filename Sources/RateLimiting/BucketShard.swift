import Synchronization

/// A shard: one lock, one table.
final class BucketShard: Sendable {
    let table = Mutex(BucketTable())
}
