import GatewayTesting
import RateLimiting
import Synchronization

/// Gateways that share an exact store over a network with delays and losses, in one thread and from one seed.
final class SimulatedCluster: Sendable {
    /// A node's way to the store.
    struct Authority: BucketAuthority {
        let cluster: SimulatedCluster
        let budgetNanoseconds: Int64 = 10_000_000

        func take(_ asks: [BucketAsk]) async -> AuthorityOutcome {
            let (there, back, lost) = cluster.chance.withLock { chance in
                (
                    Int64(chance.unit() * 1_000_000), Int64(chance.unit() * 1_000_000),
                    chance.unit() < cluster.lossProbability
                )
            }
            guard !cluster.isPartitioned.withLock({ $0 }) else {
                await cluster.world.sleep(budgetNanoseconds)
                return .unavailable("no answer")
            }
            await cluster.world.sleep(there)
            let outcome = cluster.store.decide(asks, atMicroseconds: cluster.world.nowNanoseconds / 1_000)
            // Taken and never used: the node that asked does not learn of it.
            guard !lost else {
                await cluster.world.sleep(budgetNanoseconds)
                return .unavailable("the answer was lost")
            }
            await cluster.world.sleep(back)
            return outcome
        }

        func probe() async -> Bool {
            await cluster.world.sleep(1_000_000)
            return !cluster.isPartitioned.withLock { $0 }
        }
    }

    struct Node: Sendable {
        let book: LeaseBook
        let store: LeasedBucketStore<Authority>
    }

    let world = SimulatedTime()
    let store = ExactAuthority()
    let lossProbability: Double
    let isPartitioned = Mutex(false)
    let nodeCount = Mutex(3)
    fileprivate let chance: Mutex<SeededRandom>
    let hasher = BucketKeyHasher(secret: (1, 2))

    init(seed: UInt64, lossProbability: Double = 0) {
        chance = Mutex(SeededRandom(seed: seed))
        self.lossProbability = lossProbability
    }

    func node() -> Node {
        let world = world
        var around = LeaseBook.Surroundings(
            nowNanoseconds: { world.nowNanoseconds }, sleep: { await world.sleep($0) }, jitter: { 0.5 },
            nodeCount: { self.nodeCount.withLock { $0 } })
        around.spawn = { world.spawn($0) }
        let book = LeaseBook(hasher: hasher, surroundings: around)
        return Node(book: book, store: LeasedBucketStore(book: book, authority: Authority(cluster: self)))
    }

    /// Offers requests to a node at a steady rate with seeded jitter, and tells of each admission.
    func offer(
        _ limit: RateLimit, to node: Node, perSecond: Double, from begin: Int64 = 0, until end: Int64,
        isAlive: @escaping @Sendable () -> Bool = { true }, onAdmitted: @escaping @Sendable (Int64) -> Void
    ) {
        let demand = hasher.prepare(limit).demand(on: "acme")
        let start = world.nowNanoseconds
        world.spawn { [self] in
            await world.sleep(begin)
            while world.nowNanoseconds - start < end, isAlive() {
                let outcome = await node.store.take([demand], nowNanoseconds: world.nowNanoseconds)
                let admits: Bool
                switch outcome {
                case .decided(let admission), .degraded(let admission, _): admits = admission.isAdmitted
                case .unavailable: admits = false
                }
                // A node that was killed meanwhile answers nobody.
                if admits, isAlive() { onAdmitted(world.nowNanoseconds) }
                let pause = chance.withLock { $0.unit() } * 2_000_000_000 / perSecond
                await world.sleep(Int64(pause))
            }
        }
    }
}

/// Counts admissions, and holds them against the bound in every interval.
final class AdmissionMeter: Sendable {
    private struct State {
        var count = 0
        var bucket: TokenBucket?
        var violations = 0
    }

    private let limit: RateLimit
    private let slackTokens: Int
    private let state = Mutex(State())

    /// - Parameter slackTokens: what may be admitted above the bound in an interval.
    init(_ limit: RateLimit, slackTokens: Int = 0) {
        self.limit = RateLimit(
            name: limit.name, capacityTokens: limit.capacityTokens + slackTokens, ratePerMinute: limit.ratePerMinute)
        self.slackTokens = slackTokens
    }

    /// A bucket that is full at the start covers exactly the sequences that never exceed burst + rate × T.
    func admitted(at nanoseconds: Int64) {
        state.withLock { state in
            state.count += 1
            var bucket = state.bucket ?? TokenBucket(full: limit, nowNanoseconds: nanoseconds)
            if case .refused = bucket.take(limit: limit, nowNanoseconds: nanoseconds) { state.violations += 1 }
            state.bucket = bucket
        }
    }

    var count: Int { state.withLock { $0.count } }
    var violations: Int { state.withLock { $0.violations } }
}
