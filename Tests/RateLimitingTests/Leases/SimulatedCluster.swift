import GatewayTesting
import RateLimiting
import Synchronization

/// Gateways that share an exact store over a network with delays and losses, in one thread and from one seed.
///
/// Every node has a monotonic clock of its own, hours apart from the others'.
final class SimulatedCluster: Sendable {
    /// A node's way to the store: up to a millisecond each way.
    struct Authority: BucketAuthority {
        let cluster: SimulatedCluster
        let isAlive: Held<Bool>

        func take(_ asks: [BucketAsk]) async -> AuthorityOutcome {
            let (world, budget) = (cluster.world, SimulatedCluster.budgetNanoseconds)
            let (there, back) = (cluster.wayNanoseconds(), cluster.wayNanoseconds())
            let isLost = cluster.chance() < cluster.lossProbability
            guard isAlive.value, !cluster.isPartitioned.value else {
                await world.sleep(budget)
                return .unavailable("no answer")
            }
            await world.sleep(there)
            let outcome = cluster.store.decide(asks, atMicroseconds: world.nowNanoseconds / 1_000)
            // Taken and never used: the node that asked does not learn of it.
            guard !isLost, isAlive.value else {
                await world.sleep(budget - there)
                return .unavailable("the answer was lost")
            }
            await world.sleep(back)
            return outcome
        }

        func probe() async -> Bool {
            await cluster.world.sleep(1_000_000)
            return isAlive.value && !cluster.isPartitioned.value
        }
    }

    struct Node: Sendable {
        let book: LeaseBook
        let store: LeasedBucketStore<Authority>
        let clock: @Sendable () -> Int64
        /// False once it was killed: what it held is lost, and it answers nobody.
        let isAlive: Held<Bool>
    }

    static let budgetNanoseconds: Int64 = 10_000_000
    /// The longest time between a decision of the store and the answer at a node.
    static let wayNanosecondsMax: Int64 = 1_000_000

    let world = SimulatedTime()
    let store = ExactAuthority()
    let hasher = BucketKeyHasher(secret: (1, 2))
    let lossProbability: Double
    let isPartitioned = Held(false)
    let nodeCount = Held(3)
    private let random: Mutex<SeededRandom>

    init(seed: UInt64, lossProbability: Double = 0) {
        random = Mutex(SeededRandom(seed: seed))
        self.lossProbability = lossProbability
    }

    /// A number from 0 up to 1.
    func chance() -> Double { random.withLock { $0.unit() } }

    func wayNanoseconds() -> Int64 { Int64(chance() * Double(Self.wayNanosecondsMax)) }

    func node() -> Node {
        let (world, nodeCount) = (world, nodeCount)
        let offset = Int64(chance() * 7_200_000_000_000)
        let clock: @Sendable () -> Int64 = { world.nowNanoseconds + offset }
        var around = LeaseBook.Surroundings(
            nowNanoseconds: clock, sleep: { await world.sleep($0) }, jitter: { 0.5 },
            nodeCount: { nodeCount.value })
        around.spawn = world.spawned
        let book = LeaseBook(hasher: hasher, surroundings: around)
        let isAlive = Held(true)
        let authority = Authority(cluster: self, isAlive: isAlive)
        return Node(
            book: book, store: LeasedBucketStore(book: book, authority: authority), clock: clock, isAlive: isAlive)
    }

    /// Runs for so long.
    func run(seconds: Double) { world.run(until: world.nowNanoseconds + Int64(seconds * 1e9)) }
}
