import NIOCore

/// One connection of a listener: reads requests one after the other and answers them in order.
///
/// Safe to mark as sendable without checks: every member is touched on the connection's event loop alone.
final class ServerConnection<Handler: HTTPHandler>: ChannelInboundHandler, FlushedAtTurnEnd, SweptConnection,
    @unchecked Sendable
{
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let shared: ServerShared<Handler>
    /// By whom it was counted; nil when it was not counted by peer.
    let peer: PeerNetwork?
    let security: ConnectionSecurity?
    var phase = ServerPhase.idle
    var buffer = ByteBuffer()
    var held = HeldBytes()
    private(set) var context: ChannelHandlerContext?
    var task: Task<Void, Never>?
    /// What the handler made of this connection; nil before its first request.
    private var accepted: Handler.Connection?
    private var isReading = true
    private var isAdvancing = false
    private var isWritable = true
    private var closesAfterAnswer = false
    /// Monotonic nanoseconds at which the present phase has lasted too long.
    var deadlineNanoseconds: Int64 = .max
    private var requestDeadlineNanoseconds: Int64 = .max
    /// Until when a closing connection whose answer was taken waits for its peer at most; nil before that.
    private var lingersUntilNanoseconds: Int64?

    /// - Parameter security: what the handshake came to; nil for plain HTTP.
    init(_ shared: ServerShared<Handler>, peer: PeerNetwork?, security: ConnectionSecurity? = nil) {
        self.shared = shared
        self.peer = peer
        self.security = security
    }

    // MARK: events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        becomeIdle()
        shared.opened(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .closing: return linger()
        case .streaming: return
        case .idle, .head, .sized, .chunked, .handling, .blocked: break
        }
        buffer.receive(&bytes)
        advance()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable, case .blocked = phase {
            becomeIdle()
            resumeReading()
            advance()
        }
        context.fireChannelWritabilityChanged()
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        held.shrink(to: 0, in: shared.gauges.buffered, for: peer)
        phase = .closing
        deadlineNanoseconds = .max
        task?.cancel()
        task = nil
        shared.closed(self)
    }

    // MARK: time

    /// Called by the loop's sweep when the deadline has passed.
    func deadlinePassed() {
        switch phase {
        case .idle, .handling, .streaming, .blocked, .closing: context?.close(promise: nil)
        case .head, .sized, .chunked:
            refuse(HTTPRefusal(.timeout, "the request did not arrive in time"), route: nil)
        }
    }

    /// The server stops: an idle connection ends now, a busy one behind its answer.
    func drain() {
        closesAfterAnswer = true
        switch phase {
        case .idle:
            phase = .closing
            closeBehindAnswers { [self] in context?.close(promise: nil) }
        case .blocked:
            phase = .closing
            buffer = ByteBuffer()
            closeBehindAnswers { [self] in lingerThenClose() }
        case .streaming: task?.cancel()
        case .head, .sized, .chunked, .handling, .closing: break
        }
    }

    /// Answers may still be on their way out: an empty write is done when they are.
    private func closeBehindAnswers(_ end: @escaping @Sendable () -> Void) {
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        resumeReading()
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in end() }
    }

    /// The time to drain is over.
    func forceClose() {
        context?.flush()
        context?.close(promise: nil)
    }

    // MARK: reading

    /// A loop and no recursion: an answer that is there at once returns to it, or a thousand pipelined requests would fill the stack.
    private func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        while true {
            do throws(HTTPRefusal) {
                guard try step() else { return }
            } catch {
                refuse(error, route: error.route)
            }
        }
    }

    /// Takes one step; false when more bytes or an answer must come first.
    private func step() throws(HTTPRefusal) -> Bool {
        switch phase {
        case .idle:
            guard buffer.readableBytes > 0 else { return false }
            let now = shared.now()
            deadlineNanoseconds = now + shared.limits.headerTimeoutMilliseconds * 1_000_000
            requestDeadlineNanoseconds = now + shared.limits.requestTimeoutMilliseconds * 1_000_000
            phase = .head(searched: 0)
            return true
        case .head(let searched): return try readHead(searched)
        case .sized(let head, let match, let headBytes, let length):
            guard buffer.readableBytes >= length else {
                try hold(buffer.readableBytes)
                return false
            }
            let body = buffer.readBytes(length: length) ?? []
            dispatch(head, match, headBytes, body)
            return true
        case .chunked(let head, let match, let headBytes, var chunks):
            phase = .closing  // so that the state is not copied when it is changed
            let progress = try readChunks(&chunks)
            if progress == .complete {
                dispatch(head, match, headBytes, chunks.takeBody())
                return true
            }
            try hold(chunks.body.count)
            phase = .chunked(head, match, headBytes: headBytes, chunks)
            return false
        case .handling, .blocked:
            if buffer.readableBytes > shared.pipelinedBytesMax { pauseReading() }
            return false
        case .streaming, .closing: return false
        }
    }

    private func readHead(_ searched: Int) throws(HTTPRefusal) -> Bool {
        let limits = shared.limits
        let found = buffer.withUnsafeReadableBytes { RequestHeadParser.end(of: $0, from: searched) }
        guard let end = found, end <= limits.headerBytesMax else {
            guard found == nil, buffer.readableBytes <= limits.headerBytesMax else {
                throw HTTPRefusal(.headTooLarge, "the head is larger than \(limits.headerBytesMax) bytes")
            }
            guard !buffer.withUnsafeReadableBytes({ RequestHeadParser.hasBareLineEnd($0, from: searched) }) else {
                throw .bareLineEnd
            }
            phase = .head(searched: buffer.readableBytes)
            return false
        }
        let table = shared.routes
        let parsed: Result<(RequestHead, RouteTable.Match), HTTPRefusal> = buffer.withUnsafeReadableBytes { bytes in
            let whole = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            return RoutedHead.parse(whole, limits: limits, table)
        }
        let (head, match) = try parsed.get()
        let headBytes = buffer.readBytes(length: end) ?? []
        if head.closesAfter { closesAfterAnswer = true }
        deadlineNanoseconds = requestDeadlineNanoseconds
        switch head.bodyLength {
        case .none:
            dispatch(head, match, headBytes, [])
        case .exactly(let length):
            phase = .sized(head, match, headBytes: headBytes, length: length)
            if buffer.readableBytes < length {
                buffer.reserveCapacity(minimumWritableBytes: length - buffer.readableBytes)
                sendContinue(head)
            }
        case .chunked:
            phase = .chunked(head, match, headBytes: headBytes, ChunkedBody(bytesMax: limits.bodyBytesMax))
            if buffer.readableBytes == 0 { sendContinue(head) }
        }
        return true
    }

    private func readChunks(_ chunks: inout ChunkedBody) throws(HTTPRefusal) -> ChunkedBody.Progress {
        var consumed = 0
        let result: Result<ChunkedBody.Progress, ChunkedBody.Fault> = buffer.withUnsafeReadableBytes { bytes in
            do throws(ChunkedBody.Fault) {
                return .success(try chunks.read(bytes, consumed: &consumed))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let progress):
            buffer.moveReaderIndex(forwardBy: consumed)
            return progress
        case .failure(.tooLarge): throw .bodyTooLarge(shared.limits)
        case .failure(.malformed): throw HTTPRefusal(.badRequest, "the chunked body is malformed")
        }
    }

    /// Until the request is answered.
    private func hold(_ bytes: Int) throws(HTTPRefusal) {
        guard held.grow(to: bytes, in: shared.gauges.buffered, for: peer) else { throw .overloaded }
    }

    private func sendContinue(_ head: RequestHead) {
        guard head.expectsContinue, let context else { return }
        context.writeAndFlush(
            wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    private func pauseReading() {
        guard isReading else { return }
        isReading = false
        context?.channel.setOption(ChannelOptions.autoRead, value: false).whenFailure { _ in }
    }

    func resumeReading() {
        guard !isReading else { return }
        isReading = true
        context?.channel.setOption(ChannelOptions.autoRead, value: true).whenFailure { _ in }
    }

    // MARK: answering

    private func dispatch(_ head: RequestHead, _ match: RouteTable.Match, _ headBytes: [UInt8], _ body: [UInt8]) {
        guard let context else { return }
        phase = .handling
        deadlineNanoseconds = .max
        buffer.releaseWhenEmpty()
        let request = HTTPRequest(route: match, head: head, headBytes: headBytes, body: body)
        let connection = accepted ?? shared.handler.accept(HTTPConnection(context.channel, security: security))
        accepted = connection
        shared.began()
        task = Task.immediate(executorPreference: shared.executor) { [shared] in
            let answer = await shared.handler.handle(request, on: connection)
            // HTTP/1.0 knows no chunks: it gets what the answer begins with.
            guard let next = answer.next, match.method != .head, !head.isHTTP10 else {
                return self.finish(answer, isToHead: match.method == .head)
            }
            await self.stream(answer, next)
        }
        // The answer may have been written before the task was known here.
        switch phase {
        case .handling, .streaming: break
        case .idle, .head, .sized, .chunked, .blocked, .closing: task = nil
        }
    }

    private func finish(_ answer: HTTPAnswer, isToHead: Bool) {
        shared.eventLoop.assertInEventLoop()
        shared.ended()
        guard case .handling = phase else { return }
        task = nil
        write(answer, closes: closesAfterAnswer || shared.isLeaving, withoutBody: isToHead)
        guard case .idle = phase else { return }
        resumeReading()
        advance()
    }

    private func refuse(_ refusal: HTTPRefusal, route: Int?) {
        shared.refused(refusal.reason)
        let answer = shared.handler.answer(refusal, route: route)
        let keeps = refusal.keepsConnection && !shared.isDraining
        let isToHead = isHeadRequest
        if keeps {
            buffer.moveReaderIndex(forwardBy: refusal.headLength)
            buffer.releaseWhenEmpty()
        }
        write(answer, closes: !keeps, withoutBody: isToHead)
    }

    /// Whether the request whose head is being read is HEAD: its answer has no body, or the client would take the body for the
    /// beginning of the next answer.
    private var isHeadRequest: Bool {
        guard case .head = phase else { return false }
        return buffer.readableBytesView.starts(with: "HEAD ".utf8)
    }

    private func write(_ answer: HTTPAnswer, closes: Bool, withoutBody: Bool = false) {
        guard let context else { return }
        held.shrink(to: 0, in: shared.gauges.buffered, for: peer)
        var out = ByteBuffer()
        ResponseHeadWriter.write(
            answer, closes: closes, withoutBody: withoutBody, security: security, into: &out)
        guard closes else {
            becomeIdle()
            // Large answers fill the channel's buffer by themselves: nothing is won by waiting.
            if out.readableBytes < TurnEndFlusher.bytesMax {
                context.write(wrapOutboundOut(out), promise: nil)
                shared.flusher.flushSoon(self)
            } else {
                context.writeAndFlush(wrapOutboundOut(out), promise: nil)
            }
            if !isWritable { waitForReader() }
            return
        }
        phase = .closing
        buffer = ByteBuffer()
        // What still comes has to be read, or the end would be a reset.
        resumeReading()
        // A reader that does not take the last answer holds the connection no longer than this.
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        context.writeAndFlush(wrapOutboundOut(out)).whenComplete { [self] _ in lingerThenClose() }
    }

    func flushWrites() {
        context?.flush()
    }

    /// Ends the sending side and lets the peer's remaining bytes drain, so that a reset does not overtake the answer.
    func lingerThenClose() {
        guard let context else { return }
        lingersUntilNanoseconds = shared.now() + shared.limits.requestTimeoutMilliseconds * 1_000_000
        linger()
        context.close(mode: .output, promise: nil)
    }

    /// A peer that still sends is given a second more, up to the time that a request may take.
    private func linger() {
        guard let lingersUntilNanoseconds else { return }
        deadlineNanoseconds = min(lingersUntilNanoseconds, shared.now() + 1_000_000_000)
    }

    private func waitForReader() {
        guard case .idle = phase else { return }
        phase = .blocked
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        pauseReading()
    }

    private func becomeIdle() {
        phase = .idle
        deadlineNanoseconds = shared.now() + shared.limits.idleTimeoutMilliseconds * 1_000_000
    }
}
