import RateLimiting
import RedisState

/// The buckets of one event loop: in this process, or shared through Redis.
struct NodeBuckets: BucketStore {
    enum Place: Sendable {
        case memory(MemoryBucketStore)
        case shared(LeasedBucketStore<RedisBucketAuthority>)
    }

    let place: Place
    /// What operators are shown of this loop's limits.
    let hot: HotLimits

    func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
        let outcome =
            switch place {
            case .memory(let store): await store.take(demands, nowNanoseconds: nowNanoseconds)
            case .shared(let store): await store.take(demands, nowNanoseconds: nowNanoseconds)
            }
        hot.note(demands, outcome, nowNanoseconds: nowNanoseconds)
        return outcome
    }

    func settle(_ settlements: [BucketSettlement], nowNanoseconds: Int64) {
        switch place {
        case .memory(let store): store.settle(settlements, nowNanoseconds: nowNanoseconds)
        case .shared(let store): store.settle(settlements, nowNanoseconds: nowNanoseconds)
        }
    }
}
