import NIOCore
import NIOHPACK
import NIOHTTP2

/// One stream of an HTTP/2 connection: one request, one answer, on the same straight line as over HTTP/1.1.
///
/// Safe to mark as sendable without checks: every member is touched on the connection's event loop alone.
final class HTTP2Exchange<Handler: HTTPHandler>: ChannelInboundHandler, FlushedAtTurnEnd, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum Phase {
        case head
        /// A body is coming.
        case body(RequestHead, RouteTable.Match, headBytes: [UInt8])
        /// The handler has the request.
        case handling
        /// An answer goes on piece by piece.
        case streaming
        /// The answer was written; what still comes is thrown away.
        case answered
    }

    private let connection: HTTP2Connection<Handler>
    /// False for one stream too many.
    private let isTaken: Bool
    private var phase = Phase.head
    private var body: [UInt8] = []
    private var heldBytes = 0
    private var isRequestWhole = false
    private var isHeadRequest = false
    private var context: ChannelHandlerContext?
    private var task: Task<Void, Never>?
    /// Monotonic nanoseconds at which the present phase has lasted too long.
    private(set) var deadlineNanoseconds: Int64 = .max

    init(_ connection: HTTP2Connection<Handler>, isTaken: Bool) {
        self.connection = connection
        self.isTaken = isTaken
    }

    private var shared: ServerShared<Handler> { connection.shared }

    // MARK: events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadlineNanoseconds = shared.now() + shared.limits.requestTimeoutMilliseconds * 1_000_000
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The stream's own end follows, or is here already.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(HTTPRefusal) {
            switch unwrapInboundIn(data) {
            case .headers(let frame): try readHead(frame)
            case .data(let frame):
                connection.dataCame(frame.data.readableBytes, isLast: frame.endStream)
                try readBody(frame)
            case .windowUpdate: connection.windowUpdated()
            case .priority, .rstStream, .settings, .pushPromise, .ping, .goAway, .alternativeService, .origin: break
            }
        } catch {
            refuse(error)
        }
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        phase = .answered
        deadlineNanoseconds = .max
        task?.cancel()
        task = nil
        connection.ended(self, holding: heldBytes)
    }

    // MARK: reading

    private func readHead(_ frame: HTTP2Frame.FramePayload.Headers) throws(HTTPRefusal) {
        guard case .head = phase else {
            guard case .body = phase else { return }
            throw HTTPRefusal(.badRequest, "headers behind a body are not accepted")
        }
        guard isTaken else { return reset(.refusedStream) }
        isRequestWhole = frame.endStream
        isHeadRequest = frame.headers.first(name: ":method") == "HEAD"
        let bytes = try HTTP2Head.bytes(of: frame.headers)
        guard bytes.count <= shared.limits.headerBytesMax else {
            throw HTTPRefusal(.headTooLarge, "the head is larger than \(shared.limits.headerBytesMax) bytes")
        }
        guard try hold(bytes.count) else { return reset(.enhanceYourCalm) }
        let limits = shared.limits
        let table = shared.routes
        let parsed: Result<(RequestHead, RouteTable.Match), HTTPRefusal> = bytes.withUnsafeBytes { bytes in
            RoutedHead.parse(bytes, limits: limits, table)
        }
        let (head, match) = try parsed.get()
        guard !frame.endStream else { return dispatch(head, match, bytes) }
        phase = .body(head, match, headBytes: bytes)
        if case .exactly(let length) = head.bodyLength { body.reserveCapacity(min(length, 64 << 10)) }
        guard head.expectsContinue, let context else { return }
        let go = HPACKHeaders([(":status", "100")])
        context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: go))), promise: nil)
    }

    private func readBody(_ frame: HTTP2Frame.FramePayload.Data) throws(HTTPRefusal) {
        guard case .body(let head, let match, let headBytes) = phase else { return }
        isRequestWhole = frame.endStream
        if case .byteBuffer(let bytes) = frame.data, bytes.readableBytes > 0 {
            guard body.count + bytes.readableBytes <= shared.limits.bodyBytesMax else {
                throw .bodyTooLarge(shared.limits)
            }
            guard try hold(bytes.readableBytes) else { return reset(.enhanceYourCalm) }
            body.append(contentsOf: bytes.readableBytesView)
        }
        if frame.endStream { dispatch(head, match, headBytes) }
    }

    private func hold(_ bytes: Int) throws(HTTPRefusal) -> Bool {
        guard try connection.holdRequest(bytes) else { return false }
        heldBytes += bytes
        return true
    }

    /// The request is done with.
    private func release() {
        connection.release(heldBytes)
        heldBytes = 0
    }

    // MARK: answering

    private func dispatch(_ head: RequestHead, _ match: RouteTable.Match, _ headBytes: [UInt8]) {
        guard let accepted = connection.accept() else { return reset(.refusedStream) }
        phase = .handling
        deadlineNanoseconds = .max
        let request = HTTPRequest(route: match, head: head, headBytes: headBytes, body: body)
        body = []
        shared.began()
        task = Task.immediate(executorPreference: shared.executor) { [shared] in
            let answer = await shared.handler.handle(request, on: accepted)
            guard let next = answer.next, !self.isHeadRequest else { return self.finish(answer) }
            await self.stream(answer, next)
        }
        // The answer may have been written before the task was known here.
        switch phase {
        case .handling, .streaming: break
        case .head, .body, .answered: task = nil
        }
    }

    private func finish(_ answer: HTTPAnswer) {
        shared.eventLoop.assertInEventLoop()
        shared.ended()
        guard case .handling = phase else { return }
        task = nil
        write(answer)
    }

    /// Sends an answer whose end is not known.
    private func stream(_ answer: HTTPAnswer, _ next: @Sendable () async -> [UInt8]?) async {
        shared.eventLoop.assertInEventLoop()
        defer { shared.ended() }
        guard case .handling = phase, let context else { return }
        phase = .streaming
        release()
        let status = (200...599).contains(answer.status) ? answer.status : 500
        let head = HPACKHeaders(answer, status: status, hasBody: true, security: connection.security)
        context.write(wrapOutboundOut(.headers(.init(headers: head))), promise: nil)
        var isTaken = await send(answer.body)
        while isTaken, !shared.isDraining, let piece = await next() { isTaken = await send(piece) }
        end()
    }

    /// Waits until a piece has left; false when the stream has ended, or when connections hold too much already.
    private func send(_ piece: [UInt8]) async -> Bool {
        guard case .streaming = phase, let context else { return false }
        guard connection.holdAnswer(piece.count) else {
            shared.refused(.overloaded)
            reset(.enhanceYourCalm)
            return false
        }
        heldBytes = piece.count
        guard (try? await write(piece, context).get()) != nil, case .streaming = phase else { return false }
        release()
        deadlineNanoseconds = .max
        return true
    }

    private func write(_ piece: [UInt8], _ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        return context.writeAndFlush(wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer(bytes: piece))))))
    }

    private func end() {
        guard case .streaming = phase, let context else { return }
        task = nil
        phase = .answered
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        let last = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer()), endStream: true)
        context.writeAndFlush(wrapOutboundOut(.data(last)), promise: nil)
    }

    private func refuse(_ refusal: HTTPRefusal) {
        switch phase {
        case .head, .body: break
        case .handling, .streaming, .answered: return
        }
        shared.refused(refusal.reason)
        write(shared.handler.answer(refusal, route: refusal.route))
    }

    private func write(_ answer: HTTPAnswer) {
        guard let context else { return }
        phase = .answered
        body = []
        release()
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        // A status that no final answer can have is a fault of the handler.
        let status = (200...599).contains(answer.status) ? answer.status : 500
        let hasBody = status != 204 && status != 304
        let sendsBody = hasBody && !isHeadRequest && !answer.body.isEmpty
        if sendsBody {
            guard connection.holdAnswer(answer.body.count) else {
                shared.refused(.overloaded)
                return reset(.enhanceYourCalm)
            }
            heldBytes = answer.body.count
        }
        let head = HPACKHeaders(answer, status: status, hasBody: hasBody, security: connection.security)
        var sent = context.write(wrapOutboundOut(.headers(.init(headers: head, endStream: !sendsBody))))
        if sendsBody {
            let bytes = ByteBuffer(bytes: answer.body)
            sent = context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes), endStream: true))))
        }
        if !isRequestWhole {
            // Nobody reads the rest of a request that has its answer; sooner, the reset would overtake the answer.
            sent.whenComplete { [self] _ in
                self.context?.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: nil)
            }
        }
        shared.flusher.flushSoon(self)
    }

    func flushWrites() {
        context?.flush()
    }

    private func reset(_ code: HTTP2ErrorCode) {
        phase = .answered
        body = []
        release()
        context?.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: nil)
    }

    // MARK: time

    /// The server stops: an answer that would go on ends.
    func drain() {
        if case .streaming = phase { task?.cancel() }
    }

    func deadlinePassed() {
        switch phase {
        case .head, .body: refuse(HTTPRefusal(.timeout, "the request did not arrive in time"))
        case .streaming, .answered: context?.close(promise: nil)
        case .handling: break
        }
    }
}
