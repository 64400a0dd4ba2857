import Glibc
import Synchronization

/// Hands every thread that asks a shard of its own, as long as there are enough of them.
///
/// An event loop is one thread, so a shard chosen this way is in practice the loop's own, and its lock is free.
/// Threads beyond the number of shards share them in turn.
final class ThreadShards: Sendable {
    private let count: Int
    private let key: pthread_key_t
    private let next = Atomic<Int>(0)

    init(count: Int) {
        self.count = max(1, count)
        var key = pthread_key_t()
        let result = pthread_key_create(&key, nil)
        precondition(result == 0, "the process has no thread-specific key left")
        self.key = key
    }

    deinit { pthread_key_delete(key) }

    /// The shard of the calling thread, 0 ..< count.
    var current: Int {
        // A stored ordinal is never 0: nil means that the thread has not asked before.
        if let stored = pthread_getspecific(key) { return Int(bitPattern: stored) &- 1 }
        let shard = next.wrappingAdd(1, ordering: .relaxed).oldValue % count
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: shard &+ 1))
        return shard
    }
}
