import GatewayTesting
import RateLimiting
import RedisFixtures
import Synchronization
import Testing

@testable import RedisState

/// Sends every other call to the next node.
private final class Alternating: BucketStore {
    let nodes: [BucketNode]
    private let turn = Atomic(0)

    init(nodes: [BucketNode]) { self.nodes = nodes }

    func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
        let turn = turn.add(1, ordering: .relaxed).newValue
        return await nodes[turn % nodes.count].store.take(demands, nowNanoseconds: nowNanoseconds)
    }

    func settle(_ settlements: [BucketSettlement], nowNanoseconds: Int64) {
        let turn = turn.add(1, ordering: .relaxed).newValue
        nodes[turn % nodes.count].store.settle(settlements, nowNanoseconds: nowNanoseconds)
    }
}

@Suite(
    "The contract of bucket stores, kept by Redis", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: RedisServer.isInstalled))
struct SharedBucketContractTests {
    private static let nodesEach = 3

    private static func nodes(_ form: RedisForm, _ name: String) async throws -> [BucketNode] {
        let place = try await SharedServers.all.place(form)
        let nodes = (0..<nodesEach).map { _ in BucketNode(place.settings, prefix: "\(name):") }
        for node in nodes { try await node.start() }
        return nodes
    }

    private static func violations<Store: BucketStore>(of store: Store, _ hasher: BucketKeyHasher, _ prefix: String)
        async -> [String]
    {
        await BucketStoreContract(
            store: store, hasher: hasher, prefix: prefix, nowNanoseconds: StoreSurroundings.real.nowNanoseconds,
            pass: { try? await Task.sleep(for: .milliseconds($0)) }
        ).violations()
    }

    @Test("one node keeps it, and three nodes together", arguments: RedisForm.ofNodes)
    func contract(_ form: RedisForm) async throws {
        let nodes = try await Self.nodes(form, "contract")
        let hasher = nodes[0].book.hasher
        async let alone = Self.violations(of: nodes[0].store, hasher, "one")
        async let together = Self.violations(of: Alternating(nodes: nodes), hasher, "three")
        let found = (alone: await alone, together: await together)
        #expect(found.alone == [])
        #expect(found.together == [])
        for node in nodes {
            #expect(node.told.all == [])
            await node.close()
        }
    }

    @Test("a Redis that is away breaks every rule but that of no limit, and is told of once")
    func away() async throws {
        let server = try RedisServer.started()
        let node = BucketNode(.standalone(server.port))
        try await node.start()
        server.kill9()
        let found = await Self.violations(of: node.store, node.book.hasher, "")
        #expect(found.count == 16, "\(found)")
        #expect(node.told.all.count == 1, "\(node.told.all)")
        await node.close()
    }

    @Test(
        "three nodes never admit more than burst and rate together, and hardly less, leased and asked for",
        arguments: RedisForm.ofNodes)
    func bound(_ form: RedisForm) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let nodes = try await Self.nodes(form, "bound\(seed)")
        let limits = [
            RateLimit(name: "leased", capacityTokens: 6_000, ratePerMinute: 60_000),
            RateLimit(name: "asked", capacityTokens: 300, ratePerMinute: 6_000),
        ]
        let admitted = limits.map { _ in Tally() }
        let clock = StoreSurroundings.real.nowNanoseconds
        let began = clock()
        let end = began + 1_500_000_000
        let failed = await withTaskGroup(of: String?.self) { tasks in
            for (place, node) in nodes.enumerated() {
                for (index, limit) in limits.enumerated() {
                    let tally = admitted[index]
                    // Uneven: the first node has most of the load.
                    for number in 0..<[7, 2, 1][place] {
                        tasks.addTask {
                            var random = SeededRandom(seed: seed &+ UInt64(place * 100 + index * 10 + number))
                            while clock() < end {
                                let cost = Int.random(in: 1...3, using: &random)
                                switch await node.take(node.demand(limit, cost: cost)) {
                                case .decided(.admitted): tally.add(cost)
                                case .decided(.refused): try? await Task.sleep(for: .microseconds(500))
                                case .degraded(_, let reason), .unavailable(let reason): return reason
                                }
                            }
                            return nil
                        }
                    }
                }
            }
            return await tasks.reduce(into: [String]()) { if let reason = $1 { $0.append(reason) } }
        }
        // Decided before they were counted: the time until now covers all of them.
        let microseconds = (clock() - began) / 1_000
        #expect(failed == [], "seed \(seed)")
        for (limit, tally) in zip(limits, admitted) {
            let count = tally.value
            let bound = limit.capacityTokens + Int(Int64(limit.ratePerMinute) * microseconds / 60_000_000) + 1
            print("\(form), \(limit.name): \(count) of at most \(bound)")
            #expect(count <= bound, "\(limit.name), seed \(seed)")
            // A loaded machine does not ask as fast as it might.
            #expect(Double(count) >= 0.9 * Double(bound), "\(limit.name), seed \(seed)")
        }
        for node in nodes { await node.close() }
    }
}
