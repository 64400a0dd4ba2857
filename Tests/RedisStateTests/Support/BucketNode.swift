import RateLimiting
import RedisFixtures

@testable import RedisState

/// The limits of one gateway over a real Redis, and what it told of it.
final class BucketNode: Sendable {
    let test: TestClient
    let authority: RedisBucketAuthority
    let book: LeaseBook
    let store: LeasedBucketStore<RedisBucketAuthority>
    /// Reasons, and nil for the return.
    let told: Told<String?>

    /// Makes a node.
    ///
    /// - Parameter budgetMilliseconds: more than a node allows, for loaded machines.
    init(
        _ settings: RedisSettings, prefix: String = "intentusnet:", budgetMilliseconds: Int64 = 2_000,
        rules: LeaseRules? = nil
    ) {
        var settings = settings
        settings.scripts = RedisBucketAuthority.scripts
        test = TestClient(settings)
        authority = RedisBucketAuthority(
            client: test.client, keyPrefix: prefix, budgetMilliseconds: budgetMilliseconds)
        let (told, clock) = (Told<String?>(), StoreSurroundings.real)
        book = LeaseBook(
            hasher: BucketKeyHasher(secret: (1, 2)), rules: rules ?? settings.leaseRules,
            surroundings: LeaseBook.Surroundings(
                nowNanoseconds: clock.nowNanoseconds, sleep: clock.sleep, jitter: { Double.random(in: 0...1) },
                onChange: { told.add($0) }))
        store = LeasedBucketStore(book: book, authority: authority)
        self.told = told
    }

    func start() async throws {
        guard await test.client.start(waitingMilliseconds: 10_000) else {
            throw SocketRedis.Failure("the client does not connect: \(test.seen)")
        }
    }

    func demand(_ limit: RateLimit, _ key: String = "k", cost: Int = 1) -> BucketDemand {
        book.hasher.prepare(limit).demand(on: key, cost: cost)
    }

    func take(_ demands: BucketDemand...) async -> BucketOutcome {
        await store.take(demands, nowNanoseconds: StoreSurroundings.real.nowNanoseconds())
    }

    func close() async { await test.close() }
}
