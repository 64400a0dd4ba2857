import Foundation
import GatewayConfiguration
import Identity
import Logging
import NIOCore
import NIOPosix
import Observability
import RateLimiting
import RedisState
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
    private let settings: RedisSettings
    private let keyPrefix: String
    private let budgetMilliseconds: Int64
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let background: RedisClient
    private let clients = Mutex<[ObjectIdentifier: RedisClient]>([:])
    private let loadBox: Box

    init(
        _ configured: GatewayConfiguration.Redis, _ configuration: GatewayConfiguration, hasher: BucketKeyHasher,
        logger: Logger
    ) throws {
        var settings = try RedisSettings(configured)
        settings.scripts = RedisBucketAuthority.scripts + StoreScripts.all
        self.settings = settings
        self.logger = logger
        keyPrefix = configured.keyPrefix
        budgetMilliseconds = Int64(configured.budgetMilliseconds)
        let names = KeyNames(prefix: configured.keyPrefix)
        let around = StoreSurroundings(
            nowNanoseconds: Timestamp.monotonicNanoseconds,
            sleep: { nanoseconds in try? await Task.sleep(for: .nanoseconds(nanoseconds)) },
            random: { UInt64.random(in: .min ... .max) })
        var keySettings = SharedKeySets.Settings()
        keySettings.trustsCopies = configured.trustKeySets
        keySettings.secret = try RedisSettings.seal(configured)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        background = RedisClient(
            eventLoop: loop, settings: settings, counters: counters, onEvent: Self.tell(logger))
        let subscriber = RedisSubscriber(
            eventLoop: loop, settings: settings, counters: counters, onEvent: Self.tell(logger))
        keySets = SharedKeySets(
            commands: background, subscriptions: subscriber, names: names, settings: keySettings, surroundings: around,
            onEvent: { issuer, event in
                logger.warning("shared key set", metadata: ["issuer": "\(issuer)", "event": "\(event)"])
            })
        let load = Box()
        loadBox = load
        nodes = NodePresence(
            own: Self.record(configuration), share: RedisNodeShare(commands: background, names: names),
            surroundings: around, load: { load.value.withLock { $0 }() },
            onEvent: { event in
                switch event {
                case .found(let count): logger.notice("the node list is known", metadata: ["nodes": "\(count)"])
                case .lost(let failure):
                    logger.warning(
                        "the node list cannot be read; the last one holds", metadata: ["reason": "\(failure)"])
                }
            })
        let nodes = nodes
        let surroundings = LeaseBook.Surroundings(
            nowNanoseconds: Timestamp.monotonicNanoseconds,
            sleep: { nanoseconds in try? await Task.sleep(for: .nanoseconds(nanoseconds)) },
            jitter: { Double.random(in: 0...1) }, nodeCount: { nodes.liveCount },
            onChange: { reason in
                guard let reason else { return logger.notice("limits are shared again") }
                logger.error(
                    "limits are not shared: each rule's on_store_failure holds", metadata: ["reason": "\(reason)"])
            })
        book = LeaseBook(hasher: hasher, surroundings: surroundings)
    }

    /// What the node list says of this node's load; known once the listener is there.
    func reportLoad(_ load: @escaping @Sendable () -> NodeLoad) { loadBox.value.withLock { $0 = load } }

    private final class Box: Sendable {
        let value = Mutex<@Sendable () -> NodeLoad>({ NodeLoad() })
    }

    /// Whether the store is being asked, and what it says otherwise.
    var health: (status: HealthState.Status, message: String) {
        book.isStoreAsked
            ? (.healthy, "") : (.degraded, "Redis cannot be asked; limits are this node's own share")
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

    /// The buckets as an event loop of the data plane sees them.
    func buckets(on loop: any EventLoop) -> NodeBuckets {
        let client = clients.withLock { $0[ObjectIdentifier(loop)] } ?? background
        return .shared(
            LeasedBucketStore(
                book: book,
                authority: RedisBucketAuthority(
                    client: client, keyPrefix: keyPrefix, budgetMilliseconds: budgetMilliseconds)))
    }

    /// What runs until its task is cancelled.
    func tasks() -> [Task<Void, Never>] {
        let presence = Task<Void, Never> { await self.nodes.run() }
        let listening = Task<Void, Never> { await self.keySets.run() }
        return [presence, listening]
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
        for client in clients.withLock({ Array($0.values) }) { await client.close() }
        await background.close()
    }

    /// Ends the loop of the background; after ``close()``.
    func shutDown() async {
        try? await group.shutdownGracefully()
    }

    private static func tell(_ logger: Logger) -> @Sendable (RedisEvent) -> Void {
        { event in
            switch event {
            case .connected(let address): logger.notice("Redis connected", metadata: ["address": "\(address)"])
            case .lost(let address, let reason):
                logger.error("Redis lost", metadata: ["address": "\(address)", "reason": "\(reason)"])
            case .unreachable(let place, let reason):
                logger.error("Redis cannot be reached", metadata: ["address": "\(place)", "reason": "\(reason)"])
            case .topologyChanged(let what): logger.notice("Redis topology", metadata: ["change": "\(what)"])
            }
        }
    }

    private static func record(_ configuration: GatewayConfiguration) -> NodeRecord {
        NodeRecord(
            id: UUID().uuidString.lowercased(), name: ProcessInfo.processInfo.hostName, version: Version.text,
            address: configuration.listen.http.description,
            startedAtMilliseconds: Timestamp.unixNanoseconds() / 1_000_000, load: NodeLoad())
    }
}
