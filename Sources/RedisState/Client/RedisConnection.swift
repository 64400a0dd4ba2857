import NIOCore

/// One connection: commands out in the order they were asked for, replies back in the same.
///
/// All commands that are asked for in one turn of the event loop leave in one write. Safe to mark as sendable without checks:
/// touched on its event loop alone.
final class RedisConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Reply = Result<RedisValue, RedisFailure>

    private struct Pending {
        let continuation: UnsafeContinuation<Reply, Never>?
        let askedNanoseconds: Int64
        let deadlineNanoseconds: Int64
    }

    private enum Phase {
        case open
        case subscribed(@Sendable (RedisValue) -> Void)
        case closed(String)
    }

    static let closedByServer = "closed by the server"

    private let eventLoop: any EventLoop
    private let settings: RedisSettings
    private let counters: RedisCounters
    private let reader: RedisReplyReader
    private var writer = RedisCommandWriter()
    private var phase = Phase.open
    private var context: ChannelHandlerContext?
    private var pending = CircularBuffer<Pending>(initialCapacity: 64)
    private var outgoing = ByteBuffer()
    private var isFlushScheduled = false
    private var timer: Scheduled<Void>?
    private var timerNanoseconds: Int64 = .max
    /// Called once, when the connection has ended.
    var onEnd: ((_ reason: String) -> Void)?

    init(eventLoop: any EventLoop, settings: RedisSettings, counters: RedisCounters) {
        self.eventLoop = eventLoop
        self.settings = settings
        self.counters = counters
        reader = RedisReplyReader(replyBytesMax: settings.replyBytesMax)
    }

    var isOpen: Bool {
        guard case .open = phase else { return false }
        return context != nil
    }

    var pendingCount: Int { pending.count }

    /// Why it has ended, as a handshake that failed before the first command says; nil while it has not.
    var endReason: String? {
        guard case .closed(let reason) = phase else { return nil }
        return reason
    }

    // MARK: asking

    /// Sends a command; the continuation is resumed once, at the deadline at the latest.
    ///
    /// - Parameter asking: the command follows an `ASK` redirection.
    func ask(
        _ words: CommandWords, asking: Bool = false, deadlineNanoseconds: Int64,
        _ continuation: UnsafeContinuation<Reply, Never>
    ) {
        guard case .open = phase, context != nil else {
            return continuation.resume(returning: .failure(.notConnected(endReason ?? "the connection has ended")))
        }
        guard pending.count < settings.pendingMax else {
            counters.countOverload()
            return continuation.resume(returning: .failure(.overloaded))
        }
        let now = Self.now()
        if asking {
            // Never without its command behind it, which a full queue would refuse: it would hold for another's.
            pending.append(Pending(continuation: nil, askedNanoseconds: now, deadlineNanoseconds: deadlineNanoseconds))
            write(CommandWords("ASKING"))
        }
        pending.append(
            Pending(continuation: continuation, askedNanoseconds: now, deadlineNanoseconds: deadlineNanoseconds))
        counters.countCommand()
        write(words)
        setTimer(deadlineNanoseconds)
    }

    /// From now on what comes is a message; for a connection of its own.
    func subscribe(to channels: [String], _ onMessage: @escaping @Sendable (RedisValue) -> Void) {
        phase = .subscribed(onMessage)
        var words = CommandWords(wordCount: 4, byteCount: 128)
        words.append("SUBSCRIBE")
        for channel in channels { words.append(channel) }
        write(words)
    }

    /// A command whose reply is a message like all others, on a connection that is subscribed.
    func pingWhileSubscribed() {
        guard case .subscribed = phase else { return }
        write(CommandWords("PING"))
    }

    private func write(_ words: CommandWords) {
        writer.write(words, into: &outgoing)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.assumeIsolated().execute { [self] in
            isFlushScheduled = false
            guard let context, outgoing.readableBytes > 0 else { return }
            let buffer = outgoing
            outgoing = context.channel.allocator.buffer(capacity: 4_096)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }
    }

    /// Ends the connection; who waits is told so.
    func close(_ reason: String) {
        guard let context else { return }
        end(reason)
        context.close(promise: nil)
    }

    // MARK: events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(Self.closedByServer)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end("closed")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(ConnectionFault.reason(of: error))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(RedisReplyReader.Fault) {
            try reader.feed(unwrapInboundIn(data))
            while let value = try reader.next() {
                guard deliver(value) else { return }
            }
        } catch {
            close("what came is not a reply: \(error.reason)")
        }
    }

    /// Gives a reply to whom it belongs; false when the connection has ended with it.
    private func deliver(_ value: RedisValue) -> Bool {
        switch phase {
        case .subscribed(let onMessage):
            onMessage(value)
            return self.context != nil
        case .open:
            guard let asked = pending.popFirst() else {
                close("a reply that nobody asked for")
                return false
            }
            guard case .error(let error) = value else {
                asked.continuation?.resume(returning: .success(value))
                return true
            }
            asked.continuation?.resume(returning: .failure(.refused(error)))
            guard error.endsConnection else { return true }
            // Another server may serve, or this one later: whoever keeps the connection looks again.
            close("\(error)")
            return false
        case .closed: return false
        }
    }

    private func end(_ reason: String) {
        guard context != nil else { return }
        context = nil
        phase = .closed(reason)
        timer?.cancel()
        timer = nil
        let left = pending
        pending = CircularBuffer()
        for asked in left { asked.continuation?.resume(returning: .failure(.connectionLost)) }
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(reason)
    }

    // MARK: time

    /// One timer for the earliest deadline; deadlines less than a millisecond sooner wait for it.
    private func setTimer(_ deadlineNanoseconds: Int64) {
        guard deadlineNanoseconds < timerNanoseconds - 1_000_000 else { return }
        timer?.cancel()
        timerNanoseconds = deadlineNanoseconds
        timer = eventLoop.assumeIsolated().scheduleTask(
            deadline: NIODeadline.uptimeNanoseconds(UInt64(max(deadlineNanoseconds, 0)))
        ) { [self] in
            timer = nil
            timerNanoseconds = .max
            deadlinePassed()
        }
    }

    private func deadlinePassed() {
        let now = Self.now()
        var next = Int64.max
        for index in pending.indices {
            guard let continuation = pending[index].continuation else { continue }
            let asked = pending[index]
            guard asked.deadlineNanoseconds <= now else {
                next = min(next, asked.deadlineNanoseconds)
                continue
            }
            // Its reply may still come, and is then nobody's.
            pending[index] = Pending(
                continuation: nil, askedNanoseconds: asked.askedNanoseconds,
                deadlineNanoseconds: asked.deadlineNanoseconds)
            counters.countTimeout()
            continuation.resume(returning: .failure(.timedOut))
        }
        guard let oldest = pending.first else { return }
        // Whatever else is heard: half a reply swallows all that come behind it.
        let dead = oldest.askedNanoseconds + settings.deadAfterMilliseconds * 1_000_000
        guard dead > now else { return close("no reply for \(settings.deadAfterMilliseconds) ms") }
        setTimer(max(min(next, dead), now + 1_000_000))
    }

    static func now() -> Int64 { Int64(bitPattern: NIODeadline.now().uptimeNanoseconds) }
}
