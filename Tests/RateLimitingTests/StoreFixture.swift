import RateLimiting

let second: Int64 = 1_000_000_000

/// A store with a fixed secret, and short words for demands on it.
struct StoreFixture {
    let store: MemoryBucketStore

    init(keysMax: Int = MemoryBucketStore.keysMaxDefault) {
        store = MemoryBucketStore(hasher: BucketKeyHasher(secret: (1, 2)), keysMax: keysMax)
    }

    func demand(_ limit: RateLimit, _ key: String, cost: Int = 1) -> BucketDemand {
        store.hasher.prepare(limit).demand(on: key, cost: cost)
    }

    func take(_ limit: RateLimit, _ key: String, cost: Int = 1, at now: Int64 = 0) -> Admission {
        store.takeNow(demand(limit, key, cost: cost), nowNanoseconds: now)
    }

    /// How many of `attempts` requests at one moment are admitted.
    func admitted(_ limit: RateLimit, _ key: String, attempts: Int, at now: Int64 = 0) -> Int {
        (0..<attempts).count { _ in take(limit, key, at: now).isAdmitted }
    }
}
