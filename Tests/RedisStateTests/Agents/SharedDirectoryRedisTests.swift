import RedisFixtures
import Routing
import Testing

@testable import RedisState

@Suite("Directory shared through a real Redis", .timeLimit(.minutes(1)), .enabled(if: RedisServer.isInstalled))
struct SharedDirectoryRedisTests {
    private struct Gateway {
        let store = DirectoryStore()
        let directory: SharedDirectory

        init(_ port: Int) throws {
            directory = SharedDirectory(
                store: store, commands: try SocketRedis(port: port), subscriptions: SocketSubscriptions(port: port),
                surroundings: .real)
        }

        func register(_ request: RegistrationRequest) async throws {
            _ = try await directory.register(request, nowNanoseconds: StoreSurroundings.real.nowNanoseconds())
        }
    }

    @Test("every gateway sees a change within a second, by notice")
    func notices() async throws {
        let server = try RedisServer.started()
        let gateways = try (0..<3).map { _ in try Gateway(server.port) }
        let tasks = gateways.map { gateway in Task { await gateway.directory.run() } }
        defer { for task in tasks { task.cancel() } }
        let redis = try SocketRedis(port: server.port)
        #expect(
            await eventually {
                (try? redis.roundTrip(["PUBSUB", "NUMSUB", "intentusnet:agents"]).array?[1].integer) == 3
                    && gateways.allSatisfy { $0.directory.figures.isComplete }
            })
        for number in 0..<10 {
            let began = ContinuousClock.now
            try await gateways[number % 3].register(registration("a", "\(number)"))
            #expect(
                await eventually {
                    gateways.allSatisfy { $0.store.snapshot.agent(named: "a")?.instances.count == number + 1 }
                })
            #expect(ContinuousClock.now - began < .milliseconds(500))
        }
    }

    @Test("10,000 instances load at once, and one change after it brings one agent", arguments: [10_000, 20])
    func load(agents: Int) async throws {
        let server = try RedisServer.started()
        let redis = try SocketRedis(port: server.port)
        let share = RedisDirectoryShare(
            commands: redis, subscriptions: SocketSubscriptions(port: server.port), names: KeyNames(),
            limits: DirectoryLimits(), token: { StoreSurroundings.real.token() })
        for number in 0..<10_000 {
            let agent = number % agents
            _ = try await share.put(registration("a\(agent)", "\(number)", intent: "E\(agent)"))
        }
        let gateway = try Gateway(server.port)
        await gateway.directory.pull()
        #expect(gateway.store.snapshot.agentCount == agents)
        let instances = gateway.store.snapshot.agentsByName().reduce(0) { $0 + $1.instances.count }
        #expect(instances == 10_000)
        let figures = gateway.directory.figures
        #expect(figures.loads == 1)
        print("10,000 instances of \(agents) agents: \(figures.lastLoadMilliseconds) ms, \(figures.pulls) pages")
        #if !DEBUG
            #expect(figures.lastLoadMilliseconds < 200)
        #endif
        _ = try await share.put(registration("a7", "one more", intent: "E7").renamed("one-more"))
        await gateway.directory.pull()
        #expect(gateway.directory.figures.agentsRead == figures.agentsRead + 1)
        #expect(gateway.directory.figures.loads == 1)
    }

    @Test("Redis killed and started again: no agent is lost that still sends heartbeats")
    func restart() async throws {
        let server = try RedisServer.started()
        let gateways = try (0..<2).map { _ in try Gateway(server.port) }
        let tasks = gateways.map { gateway in Task { await gateway.directory.run() } }
        defer { for task in tasks { task.cancel() } }
        try await gateways[0].register(registration("a", "1"))
        #expect(await eventually { gateways.allSatisfy { $0.store.snapshot.agentCount == 1 } })
        server.kill9()
        #expect(await eventually { gateways.allSatisfy { $0.directory.figures.isAway } })
        try await gateways[1].register(registration("b", "1"))
        try server.start()
        #expect(await eventually { gateways.allSatisfy { $0.store.snapshot.agentCount == 2 } })
        try await gateways[1].register(registration("a", "1"))
        #expect(await eventually { gateways.allSatisfy { !$0.directory.figures.isAway } })
        #expect(gateways.allSatisfy { $0.store.snapshot.agentCount == 2 })
    }

    @Test("what stops renewing leaves all gateways within its time to live and a second")
    func expiry() async throws {
        let server = try RedisServer.started()
        let gateways = try (0..<2).map { _ in try Gateway(server.port) }
        let tasks = gateways.map { gateway in Task { await gateway.directory.run() } }
        defer { for task in tasks { task.cancel() } }
        // The sweep begins five seconds after the first contact.
        try await Task.sleep(for: .milliseconds(4_500))
        try await gateways[0].register(registration("a", "1", timeToLiveMilliseconds: 1_500))
        let began = ContinuousClock.now
        #expect(await eventually { gateways.allSatisfy { $0.store.snapshot.agentCount == 1 } })
        #expect(await eventually { gateways.allSatisfy { $0.store.snapshot.agentCount == 0 } })
        #expect(ContinuousClock.now - began > .milliseconds(1_400))
        #expect(ContinuousClock.now - began < .milliseconds(2_500))
    }
}

extension RegistrationRequest {
    fileprivate func renamed(_ instance: String) -> RegistrationRequest {
        var request = self
        request.instanceId = instance
        return request
    }
}
