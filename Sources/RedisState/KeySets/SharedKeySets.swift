package import Identity
import Synchronization

/// The key sets that the nodes of a cluster share: makes the source of each issuer, and hears when another node fetched.
///
/// What is published reaches a node once or, while the servers of a cluster find one another again, never: every few seconds
/// a node looks without having heard.
package final class SharedKeySets: Sendable {
    /// What can be chosen.
    package struct Settings: Sendable {
        /// How the nodes take turns.
        package var timing = SharedKeySetTiming()
        /// Whether keys are taken from Redis; false uses Redis for nothing but the lock.
        package var trustsCopies: Bool
        /// A secret of the cluster that seals copies, at least 32 bytes; with nil trusting copies trusts whoever can write to Redis.
        package var secret: [UInt8]?

        /// Copies are trusted where a secret seals them.
        package init(secret: [UInt8]? = nil) {
            self.secret = secret
            trustsCopies = secret != nil
        }
    }

    private struct Watch: Sendable {
        let source: SharedKeySetSource
        let adopt: @Sendable (FetchedKeySet) -> Void
    }

    static let channelName = "jwks"
    /// How long a notice that did not arrive leaves a node with what it has.
    private static let pullNanoseconds: Int64 = 5_000_000_000
    /// The fewest bytes of a secret.
    package static let secretBytesMin = 32

    private let commands: any RedisCommands
    private let subscriptions: any RedisSubscriptions
    private let names: KeyNames
    private let settings: Settings
    private let around: StoreSurroundings
    private let onEvent: @Sendable (_ issuer: String, SharedKeySetEvent) -> Void
    private let watches = Mutex<[String: Watch]>([:])

    /// Makes the key sets of a cluster.
    ///
    /// - Parameter onEvent: told of what is worth a line in the log.
    package init(
        commands: any RedisCommands, subscriptions: any RedisSubscriptions, names: KeyNames = KeyNames(),
        settings: Settings = Settings(), surroundings: StoreSurroundings,
        onEvent: @escaping @Sendable (_ issuer: String, SharedKeySetEvent) -> Void = { _, _ in }
    ) {
        self.commands = commands
        self.subscriptions = subscriptions
        self.names = names
        self.settings = settings
        self.onEvent = onEvent
        around = surroundings
    }

    /// The shared source of an issuer, for its refresher.
    ///
    /// - Parameters:
    ///   - url: where `origin` fetches; a key set is shared under the issuer and this address.
    ///   - keyTiming: the refresher's own.
    package func source(
        issuer: String, url: String, origin: any KeySetSource, keyTiming: KeySetTiming
    ) -> SharedKeySetSource {
        let share = RedisKeySetShare(
            issuer: issuer, url: url, commands: commands, names: names, timing: settings.timing)
        return SharedKeySetSource(
            id: share.id, origin: origin, share: share,
            binding: KeySetCopy.Binding(issuer: issuer, url: url, secret: settings.secret), timing: settings.timing,
            keyTiming: keyTiming, readsCopies: settings.trustsCopies, surroundings: around, onEvent: onEvent)
    }

    /// How often what happened to the key sets that are watched, by issuer.
    package var figures: [String: SharedKeySetFigures] {
        watches.withLock { Array($0.values) }.reduce(into: [:]) { figures, watch in
            figures[watch.source.issuer, default: SharedKeySetFigures()].add(watch.source.figures)
        }
    }

    /// Lets a refresher have what other nodes fetch from now on; to be called before ``run()``.
    package func watch(_ source: SharedKeySetSource, for refresher: KeySetRefresher) {
        watch(source) { fetched in
            // The source read it with the same parser; there is nothing left to refuse.
            try? refresher.adopt(fetched)
        }
    }

    /// Ends what ``watch(_:for:)`` began, unless another source of the same key set has begun it anew.
    package func unwatch(_ source: SharedKeySetSource) {
        watches.withLock { watches in
            if watches[source.id]?.source === source { watches[source.id] = nil }
        }
    }

    func watch(_ source: SharedKeySetSource, adopt: @escaping @Sendable (FetchedKeySet) -> Void) {
        watches.withLock { $0[source.id] = Watch(source: source, adopt: adopt) }
    }

    /// Follows the other nodes until its task is cancelled.
    package func run() async {
        guard settings.trustsCopies else { return }
        await withTaskGroup { group in
            group.addTask { await self.listen() }
            group.addTask {
                while !Task.isCancelled {
                    await self.around.sleep(Self.pullNanoseconds)
                    await self.lookAtAll()
                }
            }
        }
    }

    private func listen() async {
        while !Task.isCancelled {
            for await event in subscriptions.messages(on: [names.channel(Self.channelName)]) {
                switch event {
                // What was said before is not known.
                case .subscribed: await lookAtAll()
                case .message(_, let payload):
                    let id = String(decoding: payload.prefix(64), as: UTF8.self)
                    if let watch = watches.withLock({ $0[id] }) { await look(watch) }
                case .lost: break
                }
            }
            await around.sleep(1_000_000_000)
        }
    }

    private func lookAtAll() async {
        for watch in watches.withLock({ Array($0.values) }) { await look(watch) }
    }

    private func look(_ watch: Watch) async {
        guard let fetched = await watch.source.announced() else { return }
        watch.adopt(fetched)
    }
}
