package import NIOCore
import Synchronization

/// Hears what is published, on a connection of its own that is made again whenever it ends.
package final class RedisSubscriber: RedisSubscriptions, Sendable {
    /// Messages that wait for a slow reader; older ones go first, and the reader is told by ``RedisSubscriptionEvent/lost``.
    private static let bufferedMax = 1_024

    private let connector: RedisConnector
    private let settings: RedisSettings
    /// What listens now, so that it can be ended before its event loop is.
    private let listening = BackgroundTasks()
    private let sentinels: SentinelWatch?

    private let onEvent: @Sendable (RedisEvent) -> Void

    /// Makes a subscriber; each stream of messages is a connection.
    ///
    /// - Parameter onEvent: told when a server refuses to be listened to, which no client of commands would notice, and when
    ///   one that refused is heard again.
    package init(
        eventLoop: any EventLoop, settings: RedisSettings, counters: RedisCounters,
        onEvent: @escaping @Sendable (RedisEvent) -> Void = { _ in }
    ) {
        self.onEvent = onEvent
        connector = RedisConnector(eventLoop: eventLoop, settings: settings, counters: counters)
        self.settings = settings
        sentinels =
            if case .sentinel(let addresses, let name) = settings.topology {
                SentinelWatch(connector: connector, addresses: addresses, masterName: name)
            } else {
                nil
            }
    }

    package func messages(on channels: [String]) -> AsyncStream<RedisSubscriptionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RedisSubscriptionEvent.self, bufferingPolicy: .bufferingNewest(Self.bufferedMax))
        let task = listening.run {
            await self.run(channels, continuation)
            continuation.finish()
        }
        guard let task else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Ends every stream, and returns when nothing of them uses the event loop any more.
    package func close() async { await listening.end() }

    private func run(_ channels: [String], _ reader: AsyncStream<RedisSubscriptionEvent>.Continuation) async {
        var attempt = 0
        var next = 0
        var known: [RedisAddress] = []
        var told: String?
        while !Task.isCancelled {
            let places = await places(known)
            if !places.isEmpty {
                let place = places[next % places.count]
                do throws(RedisConnector.Fault) {
                    let connection = try await connector.connect(to: place, as: .publisher)
                    known = await nodes(connection, place) ?? known
                    let onHeard: @Sendable () -> Void = { [told, onEvent] in
                        if told != nil { onEvent(.connected(place)) }
                    }
                    switch await listen(connection, channels, reader, onHeard) {
                    case .heard:
                        (attempt, told) = (0, nil)
                        reader.yield(.lost)
                    case .refused(let reason):
                        if told != reason { onEvent(.unreachable(place.description, reason: reason)) }
                        told = reason
                    case .ended: break
                    }
                } catch {}
                next += 1
            }
            let wait = min(
                settings.backOffFirstMilliseconds << Int64(min(attempt, 20)), settings.backOffMaxMilliseconds)
            try? await Task.sleep(for: .milliseconds(Int64.random(in: wait / 2...wait)))
            attempt += 1
        }
    }

    /// Where a published message can be heard: in a cluster at every node, otherwise at the master.
    private func places(_ known: [RedisAddress]) async -> [RedisAddress] {
        switch settings.topology {
        case .standalone(let address): return [address]
        // Those that are configured may all be gone one day.
        case .cluster(let seeds): return seeds + known.filter { !seeds.contains($0) }
        case .sentinel: return (try? await sentinels?.master().get()).map { [$0] } ?? []
        }
    }

    private func nodes(_ connection: RedisConnection, _ place: RedisAddress) async -> [RedisAddress]? {
        guard case .cluster = settings.topology else { return nil }
        let reply = await connector.ask(
            connection, CommandWords("CLUSTER", "SLOTS"), withinMilliseconds: settings.connectTimeoutMilliseconds)
        guard case .success(let value) = reply else { return nil }
        return ClusterMap(slots: value, asked: place)?.masters
    }

    /// What a connection came to.
    private enum Outcome: Sendable {
        /// Messages were heard, until it ended.
        case heard
        case refused(String)
        case ended
    }

    private func listen(
        _ connection: RedisConnection, _ channels: [String],
        _ reader: AsyncStream<RedisSubscriptionEvent>.Continuation, _ onHeard: @escaping @Sendable () -> Void
    ) async -> Outcome {
        let outcome = Mutex(Outcome.ended)
        let heard = Mutex(RedisConnection.now())
        let confirmed = Mutex(0)
        let ended = AsyncStream.makeStream(of: Void.self)
        connector.eventLoop.execute { [connector] in
            guard connection.isOpen else { return ended.continuation.finish() }
            connection.onEnd = { _ in ended.continuation.finish() }
            connection.subscribe(to: channels) { value in
                heard.withLock { $0 = RedisConnection.now() }
                if case .error(let error) = value {
                    outcome.withLock { $0 = .refused("the channels may not be heard: \(error)") }
                    return connector.close(connection, "\(error)")
                }
                guard let fields = value.array, let kind = fields.first?.text else { return }
                switch kind {
                case "subscribe":
                    let isComplete = confirmed.withLock { count in
                        count += 1
                        return count == channels.count
                    }
                    guard isComplete else { return }
                    outcome.withLock { $0 = .heard }
                    onHeard()
                    reader.yield(.subscribed)
                case "message":
                    guard fields.count == 3, let channel = fields[1].text, let payload = fields[2].bytes else { return }
                    if case .dropped = reader.yield(.message(channel: channel, payload: payload)) {
                        reader.yield(.lost)
                    }
                default: break
                }
            }
        }
        let watch = Task { [connector, settings] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(settings.watchIntervalMilliseconds))
                guard !Task.isCancelled else { return }
                let silence = RedisConnection.now() - heard.withLock { $0 }
                guard silence < (settings.deadAfterMilliseconds + settings.watchIntervalMilliseconds) * 1_000_000 else {
                    return connector.close(connection, "nothing heard")
                }
                connector.eventLoop.execute { connection.pingWhileSubscribed() }
            }
        }
        await withTaskCancellationHandler {
            for await _ in ended.stream {}
        } onCancel: {
            connector.close(connection, "nobody listens")
        }
        watch.cancel()
        await watch.value
        return outcome.withLock { $0 }
    }
}
