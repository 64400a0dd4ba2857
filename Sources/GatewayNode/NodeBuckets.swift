import RateLimiting
import RedisState

/// The buckets of one event loop: in this process, or shared through Redis.
enum NodeBuckets: BucketStore {
    case memory(MemoryBucketStore)
    case shared(LeasedBucketStore<RedisBucketAuthority>)

    func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
        switch self {
        case .memory(let store): await store.take(demands, nowNanoseconds: nowNanoseconds)
        case .shared(let store): await store.take(demands, nowNanoseconds: nowNanoseconds)
        }
    }
}
