import Identity
import RedisFixtures
import Synchronization
import Testing

@testable import RedisState

@Suite("Key sets shared through a real Redis", .timeLimit(.minutes(1)), .enabled(if: RedisServer.isInstalled))
struct SharedKeySetsTests {
    private func sets(_ port: Int) throws -> SharedKeySets {
        SharedKeySets(
            commands: try SocketRedis(port: port), subscriptions: SocketSubscriptions(port: port),
            settings: SharedKeySets.Settings(secret: [UInt8](repeating: 7, count: 32)), surroundings: .real)
    }

    @Test("B4 gateways that start at once with an empty cache make exactly one request")
    func start() async throws {
        let server = try RedisServer.started()
        for round in 0..<5 {
            let issuer = TestIssuerServer(delayMilliseconds: 30)
            let name = "https://issuer-\(round)"
            let sources = try (0..<8).map { _ in
                try sets(server.port).source(issuer: name, url: name, origin: issuer, keyTiming: KeySetTiming())
            }
            await withTaskGroup { group in
                for source in sources { group.addTask { _ = try? await source.fetch(.scheduled) } }
            }
            #expect(issuer.count == 1)
        }
    }

    @Test("when one node fetched anew the others have it within a second, without a request")
    func announcement() async throws {
        let server = try RedisServer.started()
        let issuer = TestIssuerServer()
        let timing = KeySetTiming()
        let nodes = try (0..<3).map { _ in try sets(server.port) }
        let sources = nodes.map { $0.source(issuer: "i", url: "u", origin: issuer, keyTiming: timing) }
        let adopted = Mutex<[Int: [UInt8]]>([:])
        for (number, node) in nodes.enumerated() {
            node.watch(sources[number]) { fetched in adopted.withLock { $0[number] = fetched.bytes } }
        }
        for source in sources { _ = try await source.fetch(.scheduled) }
        let tasks = nodes.map { node in Task { await node.run() } }
        defer { for task in tasks { task.cancel() } }
        let redis = try SocketRedis(port: server.port)
        #expect(
            await eventually {
                (try? redis.roundTrip(["PUBSUB", "NUMSUB", "intentusnet:jwks"]).array?[1].integer) == 3
            })
        issuer.serve(kid: "second")
        let began = ContinuousClock.now
        _ = try await sources[0].fetch(.unknownKey)
        let wanted = TestIssuerServer.keySet(kid: "second")
        #expect(await eventually { adopted.withLock { $0[1] == wanted && $0[2] == wanted } })
        #expect(ContinuousClock.now - began < .seconds(1))
        #expect(issuer.count == 2)
    }

    @Test("a notice that never arrives costs a node a few seconds, no request")
    func deaf() async throws {
        let server = try RedisServer.started()
        let issuer = TestIssuerServer()
        // The node's seconds last ten milliseconds.
        let around = StoreSurroundings.real
        let hasty = StoreSurroundings(
            nowNanoseconds: around.nowNanoseconds, sleep: { await around.sleep($0 / 100) }, random: around.random)
        let node = SharedKeySets(
            commands: try SocketRedis(port: server.port), subscriptions: DeafSubscriptions(),
            settings: SharedKeySets.Settings(secret: [UInt8](repeating: 7, count: 32)), surroundings: hasty)
        let source = node.source(issuer: "i", url: "u", origin: issuer, keyTiming: KeySetTiming())
        let adopted = Mutex<[UInt8]>([])
        node.watch(source) { fetched in adopted.withLock { $0 = fetched.bytes } }
        let other = try sets(server.port).source(issuer: "i", url: "u", origin: issuer, keyTiming: KeySetTiming())
        for source in [source, other] { _ = try await source.fetch(.scheduled) }
        let task = Task { await node.run() }
        defer { task.cancel() }
        issuer.serve(kid: "second")
        _ = try await other.fetch(.unknownKey)
        #expect(await eventually { adopted.withLock { $0 == TestIssuerServer.keySet(kid: "second") } })
        #expect(issuer.count == 2)
    }

    @Test("B1 a rotated key reaches all nodes by one request: refreshers and verifiers over a real Redis")
    func refreshers() async throws {
        let server = try RedisServer.started()
        let issuer = TestIssuerServer()
        var tasks: [Task<Void, Never>] = []
        defer { for task in tasks { task.cancel() } }
        var refreshers: [KeySetRefresher] = []
        for _ in 0..<3 {
            let node = try sets(server.port)
            let source = node.source(issuer: "i", url: "u", origin: issuer, keyTiming: KeySetTiming())
            let verifier = TokenVerifier(issuers: [IssuerPolicy(issuer: "i", audiences: ["a"])], cacheEntries: 16)
            let around = StoreSurroundings.real
            let refresher = KeySetRefresher(
                issuer: 0, verifier: verifier, source: source,
                surroundings: KeySetRefresher.Surroundings(
                    nowNanoseconds: around.nowNanoseconds, sleep: around.sleep, jitter: { 0.5 }))
            node.watch(source, for: refresher)
            tasks.append(Task { await node.run() })
            tasks.append(Task { await refresher.run() })
            refreshers.append(refresher)
        }
        let all = refreshers
        #expect(await eventually { all.allSatisfy { $0.status().availability == .ready } })
        #expect(issuer.count == 1)
        issuer.serve(kid: "second")
        await withTaskGroup { group in
            for number in 0..<1_000 { group.addTask { await all[number % 3].awaitKeys(waitingMilliseconds: 2_000) } }
        }
        #expect(issuer.count == 2)
        #expect(all.allSatisfy { $0.status().lastFailure == nil && $0.status().fetchesFailed == 0 })
    }
}

/// A subscription that stands and brings nothing, as of a server that the others of a cluster have not found again.
private struct DeafSubscriptions: RedisSubscriptions {
    func messages(on channels: [String]) -> AsyncStream<RedisSubscriptionEvent> { AsyncStream { _ in } }
}
