import Foundation
import GatewayConfiguration
import Identity
import Logging
import NIOCore
import NIOPosix
import Observability
import RateLimiting
import RedisState
import Routing
import Synchronization

/// What a node shares with the other nodes of its cluster through Redis.
///
/// Requests ask on the connection of their own event loop; what no request waits for (key sets, the node list) has a loop of its own.
final class SharedState: Sendable {
    /// Keeps the limits of this node.
    let book: LeaseBook
    /// What the clients count.
    let counters = RedisCounters()
    let keySets: SharedKeySets
    let nodes: NodePresence
    /// Remembers which proofs were used, for the whole cluster.
    let replays: RedisReplayCache
    /// Keeps the agents in step with the other nodes.
    let directory: SharedDirectory
    /// What operators have drained, in step with the other nodes.
    let drains: SharedDrains
    /// Goes up when there is a new key ring to look at.
    let keyRings: SharedGeneration
    /// Looks at what Redis does with its memory.
    let memory: RedisMemoryWatch
    private let settings: RedisSettings
    private let keyPrefix: String
    private let budgetMilliseconds: Int64
    let newKeysPerMinute: Int
    /// Whether the log has been told that new buckets are counted by this node alone.
    let isToldOfKeys = Atomic(false)
    let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let background: RedisClient
    private let subscriber: RedisSubscriber
    /// Why there is no connection, nil while there is one.
    private let trouble: Trouble
    private let troubleOfListening: Trouble
    private let clients = Mutex<[ObjectIdentifier: RedisClient]>([:])
    /// What the book runs beside requests: refills, returns, probes.
    private let unattended = BackgroundTasks()

    init(
        _ configured: GatewayConfiguration.Redis, secrets: NodeSecrets, tls: RedisTLS?, record: NodeRecord,
        load: @escaping @Sendable () -> NodeLoad, keyIds: @escaping @Sendable () -> [String]?,
        hasher: BucketKeyHasher, directory store: DirectoryStore, directoryLimits: DirectoryLimits, logger: Logger,
        onLimitChange: @escaping @Sendable (_ reason: String?) -> Void
    ) throws {
        var settings = try RedisSettings(configured, secrets: secrets, tls: tls)
        settings.scripts = RedisBucketAuthority.scripts + StoreScripts.all
        self.settings = settings
        self.logger = logger
        keyPrefix = configured.keyPrefix
        budgetMilliseconds = Int64(configured.budgetMilliseconds)
        newKeysPerMinute = configured.newKeysPerMinute
        let names = KeyNames(prefix: configured.keyPrefix)
        let around = StoreSurroundings(
            nowNanoseconds: Timestamp.monotonicNanoseconds,
            sleep: { nanoseconds in try? await Task.sleep(for: .nanoseconds(nanoseconds)) },
            random: { UInt64.random(in: .min ... .max) })
        var keySettings = SharedKeySets.Settings(secret: try RedisSettings.seal(configured, secrets))
        keySettings.trustsCopies = configured.trustsKeySets
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let trouble = Trouble("not connected yet")
        self.trouble = trouble
        let troubleOfListening = Trouble(nil)
        self.troubleOfListening = troubleOfListening
        background = RedisClient(
            eventLoop: loop, settings: settings, counters: counters, onEvent: Self.tell(logger, trouble))
        subscriber = RedisSubscriber(
            eventLoop: loop, settings: settings, counters: counters, onEvent: Self.tell(logger, troubleOfListening))
        keySets = SharedKeySets(
            commands: background, subscriptions: subscriber, names: names, settings: keySettings, surroundings: around,
            onEvent: { issuer, event in
                logger.warning("shared key set", metadata: ["issuer": "\(issuer)", "event": "\(event)"])
            })
        directory = SharedDirectory(
            store: store, commands: background, subscriptions: subscriber, names: names, limits: directoryLimits,
            surroundings: around, onEvent: Self.tellOfAgents(logger))
        drains = SharedDrains(
            store: store, commands: background, subscriptions: subscriber, names: names, surroundings: around)
        keyRings = SharedGeneration(
            of: "key-rings", commands: background, subscriptions: subscriber, names: names, surroundings: around)
        replays = RedisReplayCache(
            commands: background, names: names, timeoutMilliseconds: budgetMilliseconds,
            isCluster: !configured.cluster.isEmpty, surroundings: around)
        nodes = NodePresence(
            own: record, share: RedisNodeShare(commands: background, names: names),
            surroundings: around, load: load, keyIds: keyIds,
            onEvent: { event in
                switch event {
                case .found(let count): logger.notice("the node list is known", metadata: ["nodes": "\(count)"])
                case .lost(let failure):
                    logger.warning(
                        "the node list cannot be read; the last one holds", metadata: ["reason": "\(failure)"])
                }
            })
        memory = RedisMemoryWatch(client: background, surroundings: around) { alarm in
            guard let alarm else { return logger.notice("Redis has memory enough, and evicts nothing") }
            logger.error("Redis and its memory", metadata: ["alarm": "\(alarm)"])
        }
        let (nodes, nodesExpected) = (nodes, configured.nodesExpected)
        var surroundings = LeaseBook.Surroundings(
            nowNanoseconds: Timestamp.monotonicNanoseconds,
            sleep: { nanoseconds in try? await Task.sleep(for: .nanoseconds(nanoseconds)) },
            jitter: { Double.random(in: 0...1) }, nodeCount: { max(nodes.liveCount, nodesExpected) },
            onChange: { reason in
                onLimitChange(reason.map { "\($0)" })
                guard let reason else { return logger.notice("limits are shared again") }
                logger.error(
                    "limits are not shared: each rule's on_store_failure holds", metadata: ["reason": "\(reason)"])
            })
        let unattended = unattended
        surroundings.spawn = { work in unattended.run(work) != nil }
        var rules = settings.leaseRules
        rules.newKeysPerMinuteMax = configured.newKeysPerMinute
        book = LeaseBook(hasher: hasher, rules: rules, surroundings: surroundings)
    }

    private final class Trouble: Sendable {
        let value: Mutex<String?>

        init(_ value: String?) { self.value = Mutex(value) }
    }

    /// Whether the store is being asked, and what it says otherwise.
    var health: (status: HealthState.Status, message: String) {
        if let reason = trouble.value.withLock({ $0 }) {
            return (.degraded, "no connection to Redis, limits are this node's own share: \(reason)")
        }
        if let reason = troubleOfListening.value.withLock({ $0 }) {
            return (.degraded, "Redis is not heard, what other nodes change arrives late: \(reason)")
        }
        return book.isStoreAsked
            ? (.healthy, "") : (.degraded, "Redis does not answer in time, limits are this node's own share")
    }

    // MARK: life

    /// Connects what no request waits for; a Redis that is away delays the start by this time at most.
    func start(waitingMilliseconds: Int64) async {
        await background.start(waitingMilliseconds: waitingMilliseconds)
    }

    /// Connects the event loops of the data plane.
    func connect(_ loops: [any EventLoop], waitingMilliseconds: Int64) async {
        var fresh: [RedisClient] = []
        for loop in loops {
            // The background's client speaks for all, or a Redis that goes away is told of once for each loop.
            let tell: @Sendable (RedisEvent) -> Void = { _ in }
            let client = RedisClient(eventLoop: loop, settings: settings, counters: counters, onEvent: tell)
            clients.withLock { $0[ObjectIdentifier(loop)] = client }
            fresh.append(client)
        }
        // All at the same time: a Redis that is away is waited for once.
        let starts = fresh.map { client in
            Task<Void, Never> { _ = await client.start(waitingMilliseconds: waitingMilliseconds) }
        }
        for start in starts { await start.value }
    }

    /// The buckets as operators look at them, with the patience of one: not that of a request.
    func bucketsOfOperators() -> LeasedBucketStore<RedisBucketAuthority> {
        LeasedBucketStore(
            book: book,
            authority: RedisBucketAuthority(client: background, keyPrefix: keyPrefix, budgetMilliseconds: 1_000))
    }

    /// The buckets as an event loop of the data plane sees them.
    func buckets(on loop: any EventLoop) -> LeasedBucketStore<RedisBucketAuthority> {
        let client = clients.withLock { $0[ObjectIdentifier(loop)] } ?? background
        return LeasedBucketStore(
            book: book,
            authority: RedisBucketAuthority(
                client: client, keyPrefix: keyPrefix, budgetMilliseconds: budgetMilliseconds))
    }

    /// The replay cache as an event loop of the data plane asks it.
    func replays(on loop: any EventLoop) -> RedisReplayCache {
        clients.withLock { $0[ObjectIdentifier(loop)] }.map(replays.asking) ?? replays
    }

    /// What runs until its task is cancelled.
    func tasks() -> [Task<Void, Never>] {
        let presence = Task<Void, Never> { await self.nodes.run() }
        let listening = Task<Void, Never> { await self.keySets.run() }
        let agents = Task<Void, Never> { await self.directory.run() }
        let drains = Task<Void, Never> { await self.drains.run() }
        let memory = Task<Void, Never> { await self.memory.run() }
        return [presence, listening, agents, drains, memory]
    }

    /// Waits until the agents that others registered are known, so that the first request finds them.
    func awaitAgents(waitingMilliseconds: Int64) async {
        let deadline = Timestamp.monotonicNanoseconds() + waitingMilliseconds * 1_000_000
        while !directory.figures.isComplete, !directory.figures.isAway, Timestamp.monotonicNanoseconds() < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Gives back what is held, and says good-bye.
    func leave() async {
        let authority = RedisBucketAuthority(
            client: background, keyPrefix: keyPrefix, budgetMilliseconds: budgetMilliseconds)
        await LeasedBucketStore(book: book, authority: authority).giveEverythingBack()
        await nodes.leave()
    }

    /// Ends every connection.
    func close() async {
        await unattended.end()
        for client in clients.withLock({ Array($0.values) }) { await client.close() }
        await background.close()
        await subscriber.close()
    }

    /// Ends the loop of the background; after ``close()``.
    func shutDown() async {
        try? await group.shutdownGracefully()
    }

    private static func tell(_ logger: Logger, _ trouble: Trouble) -> @Sendable (RedisEvent) -> Void {
        { event in
            switch event {
            case .connected(let address):
                trouble.value.withLock { $0 = nil }
                logger.notice("Redis connected", metadata: ["address": "\(address)"])
            case .lost(let address, let reason):
                trouble.value.withLock { $0 = reason }
                logger.error("Redis lost", metadata: ["address": "\(address)", "reason": "\(reason)"])
            case .unreachable(let place, let reason):
                trouble.value.withLock { $0 = reason }
                logger.error("Redis cannot be reached", metadata: ["address": "\(place)", "reason": "\(reason)"])
            case .topologyChanged(let what):
                trouble.value.withLock { $0 = nil }
                logger.notice("Redis topology", metadata: ["change": "\(what)"])
            }
        }
    }

    private static func tellOfAgents(_ logger: Logger) -> @Sendable (SharedDirectoryEvent) -> Void {
        { event in
            switch event {
            case .lost(let failure):
                logger.error(
                    "agents are not shared: the last known ones stand, registrations are kept here",
                    metadata: ["reason": "\(failure)"])
            case .found: logger.notice("agents are shared with the other nodes")
            case .lapsed:
                logger.error("agents were not shared for too long; instances that do not renew at this node leave")
            case .recordRejected(let agent, let reason):
                logger.warning(
                    "what Redis holds of an agent is not used", metadata: ["agent": "\(agent)", "reason": "\(reason)"])
            case .registrationWithdrawn(let agent, let instance):
                logger.warning(
                    "a registration of the time without Redis was withdrawn: the name is another's, or there is no room",
                    metadata: ["agent": "\(agent)", "instance": "\(instance)"])
            }
        }
    }
}
