import GatewayTesting
import RateLimiting
import Testing

@Suite("The contract of bucket stores")
struct BucketStoreContractTests {
    /// Runs the contract in a world of its own.
    private func violations<Store: BucketStore>(
        of store: Store, _ hasher: BucketKeyHasher, in world: SimulatedTime, prefix: String = ""
    ) -> [String] {
        let contract = BucketStoreContract(
            store: store, hasher: hasher, prefix: prefix, nowNanoseconds: { world.nowNanoseconds },
            pass: { await world.sleep($0 * 1_000_000) })
        let found = Held<[String]?>(nil)
        world.spawn { found.set(await contract.violations()) }
        for _ in 0..<1_000 where found.value == nil { world.run(until: world.nowNanoseconds + 100_000_000) }
        return found.value ?? ["it came to no end"]
    }

    @Test("the memory store keeps it")
    func memory() {
        let store = MemoryBucketStore(hasher: BucketKeyHasher(secret: (1, 2)))
        #expect(violations(of: store, store.hasher, in: SimulatedTime()) == [])
    }

    @Test("leases over an exact store keep it, near and far", arguments: [0, 100_000, 9_000_000])
    func leased(latencyNanoseconds: Int64) {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.latencyNanoseconds = latencyNanoseconds }
        #expect(violations(of: fixture.store, fixture.book.hasher, in: fixture.world) == [])
    }

    @Test("two nodes over one exact store keep it together")
    func twoNodes() {
        let cluster = SimulatedCluster(seed: 1)
        let (one, other) = (cluster.node(), cluster.node())
        let both = Alternating(one: one, other: other)
        #expect(violations(of: both, cluster.hasher, in: cluster.world) == [])
    }

    @Test("a store that is away breaks it, and says so in every rule but that of no limit")
    func away() {
        let fixture = LeaseFixture()
        fixture.authority.change { $0.isCut = true }
        let found = violations(of: fixture.store, fixture.book.hasher, in: fixture.world)
        #expect(found.count == 16, "\(found)")
    }
}

/// Sends every other call to the other node, each at its own time.
private struct Alternating: BucketStore {
    let one: SimulatedCluster.Node
    let other: SimulatedCluster.Node
    private let turn = Held(0)

    init(one: SimulatedCluster.Node, other: SimulatedCluster.Node) {
        self.one = one
        self.other = other
    }

    func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
        turn.set(turn.value + 1)
        let node = turn.value % 2 == 0 ? one : other
        return await node.store.take(demands, nowNanoseconds: node.clock())
    }

    func settle(_ settlements: [BucketSettlement], nowNanoseconds: Int64) {
        other.store.settle(settlements, nowNanoseconds: other.clock())
    }
}
