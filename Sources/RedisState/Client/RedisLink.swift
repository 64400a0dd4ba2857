import NIOCore
import Synchronization

/// Keeps one connection to one place, and makes another when it ends.
///
/// Safe to mark as sendable without checks: every member is touched on its event loop alone, but for the task, which only goes
/// there.
final class RedisLink: @unchecked Sendable {
    typealias Reply = RedisConnection.Reply

    /// What a link is to lead to, asked before every attempt.
    typealias Destination = @Sendable () async -> Result<RedisAddress, RedisConnector.Fault>

    private struct Waiting {
        let words: CommandWords
        let isAsking: Bool
        let deadlineNanoseconds: Int64
        let continuation: UnsafeContinuation<Reply, Never>
    }

    private enum State {
        /// The first attempt is under way; what is asked waits for its end.
        case connecting
        case ready(RedisConnection)
        case down(String)
        case closed
    }

    let eventLoop: any EventLoop
    private let connector: RedisConnector
    private let peer: RedisConnector.Peer
    private let destination: Destination
    private let onEvent: @Sendable (RedisEvent) -> Void
    private var state = State.connecting
    private var waiting: [UInt64: Waiting] = [:]
    private var nextTicket: UInt64 = 0
    private var task: Task<Void, Never>?
    private var lastAskedNanoseconds = RedisConnection.now()
    private let news = Mutex(LinkNews())
    /// Called on the event loop when the connection has ended or could not be made.
    var onDown: (@Sendable () -> Void)?

    init(
        connector: RedisConnector, peer: RedisConnector.Peer, destination: @escaping Destination,
        onEvent: @escaping @Sendable (RedisEvent) -> Void
    ) {
        eventLoop = connector.eventLoop
        self.connector = connector
        self.peer = peer
        self.destination = destination
        self.onEvent = onEvent
    }

    /// Begins to connect; to be called once, on the event loop.
    func start() {
        task = Task { await self.run() }
    }

    var isReady: Bool {
        guard case .ready(let connection) = state else { return false }
        return connection.isOpen
    }

    /// Whether nobody has asked for so long, and nobody waits.
    func isIdle(forMilliseconds milliseconds: Int64) -> Bool {
        if case .ready(let connection) = state, connection.pendingCount > 0 { return false }
        return waiting.isEmpty && RedisConnection.now() - lastAskedNanoseconds >= milliseconds * 1_000_000
    }

    /// Sends a command, on the event loop.
    ///
    /// - Parameter asking: the command follows an `ASK` redirection.
    func ask(
        _ words: CommandWords, asking: Bool = false, deadlineNanoseconds: Int64,
        _ continuation: UnsafeContinuation<Reply, Never>
    ) {
        lastAskedNanoseconds = RedisConnection.now()
        switch state {
        case .ready(let connection):
            connection.ask(words, asking: asking, deadlineNanoseconds: deadlineNanoseconds, continuation)
        case .connecting: wait(words, asking, deadlineNanoseconds, continuation)
        case .down(let reason): continuation.resume(returning: .failure(.notConnected(reason)))
        case .closed: continuation.resume(returning: .failure(.notConnected("the client is closed")))
        }
    }

    /// Ends the link for good, on the event loop.
    ///
    /// - Returns: what still uses the event loop until it has ended.
    @discardableResult
    func close() -> Task<Void, Never>? {
        let connection: RedisConnection? = if case .ready(let connection) = state { connection } else { nil }
        state = .closed
        task?.cancel()
        connection?.close("the client is closed")
        failWaiting(.notConnected("the client is closed"))
        return task
    }

    /// Drops the connection, because another place may be the right one now.
    func reconnect(_ reason: String) {
        if case .ready(let connection) = state { connection.close(reason) }
    }

    // MARK: waiting for the first connection

    private func wait(
        _ words: CommandWords, _ asking: Bool, _ deadlineNanoseconds: Int64,
        _ continuation: UnsafeContinuation<Reply, Never>
    ) {
        guard waiting.count < connector.settings.pendingMax else {
            return continuation.resume(returning: .failure(.overloaded))
        }
        nextTicket += 1
        let ticket = nextTicket
        waiting[ticket] = Waiting(
            words: words, isAsking: asking, deadlineNanoseconds: deadlineNanoseconds, continuation: continuation)
        eventLoop.assumeIsolated().scheduleTask(
            deadline: .uptimeNanoseconds(UInt64(max(deadlineNanoseconds, 0)))
        ) { [self] in
            waiting.removeValue(forKey: ticket)?.continuation
                .resume(returning: .failure(.notConnected("still connecting")))
        }
    }

    private func failWaiting(_ failure: RedisFailure) {
        let left = waiting
        waiting = [:]
        for waiter in left.values { waiter.continuation.resume(returning: .failure(failure)) }
    }

    // MARK: the connection's life

    private func run() async {
        var attempt = 0
        while !Task.isCancelled {
            var name = "Redis"
            do throws(RedisConnector.Fault) {
                let address = try await destination().get()
                name = address.description
                let connection = try await connector.connect(to: address, as: peer)
                connector.counters.countConnection()
                tell { $0.connected(to: address) }
                let began = RedisConnection.now()
                let reason = await serve(connection, address)
                guard !Task.isCancelled else { return }
                connector.counters.countLoss()
                let hadLasted = RedisConnection.now() - began >= steadyMilliseconds * 1_000_000
                tell { $0.lost(address, reason: reason, hadLasted: hadLasted) }
                // A server that drops us at once is no better than one that is away.
                if hadLasted { attempt = 0 }
            } catch {
                guard !Task.isCancelled else { return }
                connector.counters.countLoss()
                tell { $0.failed(name, reason: error.reason) }
                await goDown(error.reason)
            }
            try? await Task.sleep(for: .milliseconds(backOff(attempt)))
            attempt += 1
        }
    }

    /// How long a connection must last to be one that stays.
    private var steadyMilliseconds: Int64 { connector.settings.backOffMaxMilliseconds }

    private func tell(_ change: (inout LinkNews) -> RedisEvent?) {
        if let event = news.withLock({ change(&$0) }) { onEvent(event) }
    }

    private func backOff(_ attempt: Int) -> Int64 {
        let settings = connector.settings
        let wait = min(
            settings.backOffFirstMilliseconds << Int64(min(attempt, 20)), settings.backOffMaxMilliseconds)
        // Half to whole, so that the nodes of a cluster do not come back all at once.
        return Int64.random(in: wait / 2...wait)
    }

    /// Lets commands use the connection until it ends.
    private func serve(_ connection: RedisConnection, _ address: RedisAddress) async -> String {
        let watch = Task { await self.watch(connection) }
        let patience = Task {
            try? await Task.sleep(for: .milliseconds(steadyMilliseconds))
            guard !Task.isCancelled else { return }
            tell { $0.lasted(to: address) }
        }
        let reason = await withUnsafeContinuation { continuation in
            eventLoop.execute { [self] in
                if case .closed = state { connection.close("the client is closed") }
                guard connection.isOpen else {
                    goDownNow("the connection has ended")
                    return continuation.resume(returning: "closed at once")
                }
                connection.onEnd = { [self] reason in
                    goDownNow(reason)
                    continuation.resume(returning: reason)
                }
                state = .ready(connection)
                let first = waiting.sorted { $0.key < $1.key }
                waiting = [:]
                for (_, waiter) in first {
                    ask(
                        waiter.words, asking: waiter.isAsking, deadlineNanoseconds: waiter.deadlineNanoseconds,
                        waiter.continuation)
                }
            }
        }
        watch.cancel()
        patience.cancel()
        await watch.value
        await patience.value
        return reason
    }

    private func goDown(_ reason: String) async {
        try? await eventLoop.submit { self.goDownNow(reason) }.get()
    }

    private func goDownNow(_ reason: String) {
        if case .closed = state { return }
        state = .down(reason)
        failWaiting(.notConnected(reason))
        onDown?()
    }

    /// An idle connection is looked at, so that a dead one is known before a request pays for it.
    private func watch(_ connection: RedisConnection) async {
        let interval = connector.settings.watchIntervalMilliseconds
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(interval))
            guard !Task.isCancelled else { return }
            _ = await connector.ask(connection, CommandWords("PING"), withinMilliseconds: interval)
        }
    }
}
