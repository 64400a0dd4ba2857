import Dispatch
import Foundation
import IntentProtocol
import NIOCore
import NIOPosix
import RedisState
import Routing

/// `Benchmarks redis`: how long a gateway that starts takes to load the agents that the others know, and that one change after it brings
/// one agent and no more.
enum SharedAgents {
    private static let rounds = 5
    private static let instances = 10_000
    private static let loadMillisecondsMax = 200
    private static let registrationsInFlight = 256

    private static let around = StoreSurroundings(
        nowNanoseconds: { Int64(DispatchTime.now().uptimeNanoseconds) },
        sleep: { try? await Task.sleep(for: .nanoseconds($0)) }, random: { UInt64.random(in: .min ... .max) })

    static func run() async throws -> Bool {
        print("\(instances) instances of how many agents       median load ms   worst   read after one change")
        var isKept = true
        for agents in [instances, 20] {
            let server = try SharedLimits.launchRedis()
            defer { server.end() }
            isKept = try await load(agents: agents, port: server.port) && isKept
        }
        print("wanted at most \(loadMillisecondsMax) ms, and one agent read")
        return isKept
    }

    /// A gateway as far as its agents go.
    private struct Gateway {
        let directory: SharedDirectory
        let store = DirectoryStore()
        let client: RedisClient
        let subscriber: RedisSubscriber

        init(port: Int, loop: any EventLoop) async {
            var settings = RedisSettings(topology: .standalone(RedisAddress(host: "127.0.0.1", port: port)))
            settings.scripts = StoreScripts.all
            let counters = RedisCounters()
            client = RedisClient(eventLoop: loop, settings: settings, counters: counters)
            subscriber = RedisSubscriber(eventLoop: loop, settings: settings, counters: counters)
            directory = SharedDirectory(
                store: store, commands: client, subscriptions: subscriber, surroundings: SharedAgents.around)
            guard await client.start(waitingMilliseconds: 5_000) else { fatalError("Redis does not answer") }
        }

        /// Follows the others until the body has ended.
        func following<R>(_ body: () async throws -> R) async rethrows -> R {
            let following = Task { [directory] in await directory.run() }
            let result = try await body()
            following.cancel()
            await following.value
            await subscriber.close()
            await client.close()
            return result
        }

        func wait(for what: String, _ condition: (SharedDirectoryFigures) -> Bool) async {
            for _ in 0..<2_000 {
                if condition(directory.figures) { return }
                try? await Task.sleep(for: .milliseconds(5))
            }
            fatalError("no \(what) within 10 s: \(directory.figures)")
        }
    }

    private static func load(agents: Int, port: Int) async throws -> Bool {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let first = await Gateway(port: port, loop: group.next())
        let (median, worst, read) = try await first.following {
            try await register(first.directory, agents: agents)
            var times: [Int] = []
            var read = 0
            for round in 0..<rounds {
                let fresh = await Gateway(port: port, loop: group.next())
                let (milliseconds, changes) = try await fresh.following {
                    await fresh.wait(for: "load") { $0.loads == 1 }
                    let loaded = fresh.directory.figures
                    let known = fresh.store.snapshot.agentsByName().reduce(0) { $0 + $1.instances.count }
                    guard known >= instances else { fatalError("\(known) instances") }
                    _ = try await first.directory.register(
                        request(agent: "a7", instance: "more-\(round)"), nowNanoseconds: around.nowNanoseconds())
                    await fresh.wait(for: "change") { $0.agentsRead > loaded.agentsRead }
                    let figures = fresh.directory.figures
                    guard figures.loads == 1 else { fatalError("a change reloaded everything") }
                    return (Int(loaded.lastLoadMilliseconds), figures.agentsRead - loaded.agentsRead)
                }
                times.append(milliseconds)
                read = max(read, changes)
            }
            return (times.sorted()[rounds / 2], times.max() ?? 0, read)
        }
        try await group.shutdownGracefully()
        print(String(format: "%42d %16d %7d %23d", agents, median, worst, read))
        return median < loadMillisecondsMax && read == 1
    }

    private static func register(_ directory: SharedDirectory, agents: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<instances {
                if number >= registrationsInFlight { try await tasks.next() }
                tasks.addTask {
                    _ = try await directory.register(
                        request(agent: "a\(number % agents)", instance: "\(number)"),
                        nowNanoseconds: around.nowNanoseconds())
                }
            }
            try await tasks.waitForAll()
        }
    }

    private static func request(agent: String, instance: String) -> RegistrationRequest {
        RegistrationRequest(
            definition: AgentDefinition(
                name: agent, nodeId: "n1", nodePriority: 7,
                capabilities: [Capability(intent: "Intent-\(agent)", version: "1.0")]),
            instanceId: instance, url: "http://10.0.0.1:9000/", timeToLiveMilliseconds: 60_000, owner: "svc")
    }
}
