import Identity
import RedisFixtures
import Routing
import Synchronization
import Testing

@testable import RedisState

/// One gateway's agents, node list, keys and proofs over a Redis that may fail over.
private final class SharingNode: Sendable {
    let test: TestClient
    let store = DirectoryStore()
    let directory: SharedDirectory
    let presence: NodePresence
    let keys: SharedKeySets
    let source: SharedKeySetSource
    let replays: RedisReplayCache
    let adopted = Mutex<[UInt8]>([])
    private let subscriber: RedisSubscriber
    private let tasks = Mutex<[Task<Void, Never>]>([])

    init(_ settings: RedisSettings, id: String, issuer: TestIssuerServer) async throws {
        test = try await TestClient.started(settings)
        subscriber = RedisSubscriber(eventLoop: test.loop, settings: settings, counters: test.counters)
        directory = SharedDirectory(
            store: store, commands: test.client, subscriptions: subscriber, surroundings: .real)
        presence = NodePresence(
            own: NodeRecord(id: id, name: id, version: "1", address: "x", startedAtMilliseconds: 0),
            share: RedisNodeShare(commands: test.client), surroundings: .real, load: { NodeLoad() })
        keys = SharedKeySets(
            commands: test.client, subscriptions: subscriber,
            settings: SharedKeySets.Settings(secret: [UInt8](repeating: 7, count: 32)), surroundings: .real)
        source = keys.source(issuer: "i", url: "u", origin: issuer, keyTiming: KeySetTiming())
        replays = RedisReplayCache.patient(test.client)
        keys.watch(source) { [weak self] fetched in self?.adopted.withLock { $0 = fetched.bytes } }
        let running = [
            Task { [directory] in await directory.run() }, Task { [presence] in await presence.run() },
            Task { [keys] in await keys.run() },
        ]
        tasks.withLock { $0 = running }
    }

    func register(_ agent: String, _ instance: String = "1") async throws {
        _ = try await directory.register(
            registration(agent, instance), nowNanoseconds: StoreSurroundings.real.nowNanoseconds())
    }

    func close() async {
        let running = tasks.withLock { $0 }
        for task in running { task.cancel() }
        for task in running { await task.value }
        await subscriber.close()
        await test.close()
    }
}

/// What is shared besides limits, through a failover: nothing is lost that is still renewed, and news arrives again.
@Suite(
    "A failover under agents, node list, keys and proofs", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: RedisServer.isInstalled))
struct FailoverTests {
    private func expectSharing(_ settings: RedisSettings, failover: @escaping @Sendable () throws -> Void) async throws
    {
        let issuer = TestIssuerServer()
        var nodes: [SharingNode] = []
        for id in ["a", "b"] { nodes.append(try await SharingNode(settings, id: id, issuer: issuer)) }
        let (first, second) = (nodes[0], nodes[1])
        try await first.register("before")
        for node in nodes { _ = try await node.source.fetch(.scheduled) }
        #expect(issuer.count == 1)
        #expect(
            await eventually { nodes.allSatisfy { $0.store.snapshot.agentCount == 1 && $0.presence.liveCount == 2 } })
        #expect(await first.replays.firstUse(of: [1], scope: "s", timeToLiveMilliseconds: 120_000) == .first)

        try await blocking(failover)

        // Heartbeats go on, as workers send them.
        #expect(
            await eventually(within: 30) {
                try? await first.register("before")
                try? await second.register("after")
                return nodes.allSatisfy { node in
                    !node.directory.figures.isAway && !node.presence.figures.isAway
                        && node.store.snapshot.agentCount == 2 && node.presence.liveCount == 2
                }
            }, "\(nodes.map { ($0.directory.figures, $0.presence.liveCount) })")
        // The replica had it: what was used once is not used again at the new master.
        #expect(
            await eventually(within: 20) {
                await second.replays.firstUse(of: [1], scope: "s", timeToLiveMilliseconds: 120_000) == .replayed
            })
        // One more fetch reaches all: by notice, or where the servers had not found one another yet, at the next look.
        issuer.serve(kid: "second")
        let wanted = TestIssuerServer.keySet(kid: "second")
        _ = try await first.source.fetch(.reload)
        #expect(await eventually(within: 20) { second.adopted.withLock { $0 } == wanted })
        #expect(issuer.count == 2)
        let began = ContinuousClock.now
        try await second.register("later")
        #expect(await eventually { first.store.snapshot.agentCount == 3 })
        #expect(ContinuousClock.now - began < .seconds(1))
        for node in nodes { await node.close() }
    }

    @Test("sentinels make another master")
    func sentinel() async throws {
        let set = try await blocking { try SentinelSet() }
        try await expectSharing(.sentinels(set.sentinelPorts, name: set.masterName)) {
            try set.currentMaster().waitForReplicas(1)
            try set.killMaster()
        }
    }

    @Test("a replica of a cluster takes over from each master in turn that dies")
    func cluster() async throws {
        let cluster = try await blocking { try RedisCluster() }
        try await expectSharing(.cluster(cluster.ports)) {
            for master in try cluster.masters() {
                try master.waitForReplicas(1)
                try cluster.failover(killing: master)
                try master.start()
                try cluster.waitUntilHealthy()
            }
        }
    }
}
