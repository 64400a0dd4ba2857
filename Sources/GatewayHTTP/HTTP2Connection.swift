import NIOCore
import NIOHTTP2
import NIOSSL

/// What the streams of an HTTP/2 connection share: its limits, its idle time and its end.
///
/// It ends in two steps: a GOAWAY that names no stream, so that none that is on its way is lost, and once that was seen, or a
/// second later, one that names the last.
///
/// Safe to mark as sendable without checks: every member is touched on the connection's event loop alone.
final class HTTP2Connection<Handler: HTTPHandler>: ChannelInboundHandler, SweptConnection, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum Phase {
        case open
        /// The peer was told that no more streams are wanted.
        case announced
        /// Streams that come now are refused; with the last one the connection ends.
        case ending
        /// The last answer is on its way out, or a fault has ended the connection.
        case closing
        case closed
    }

    let shared: ServerShared<Handler>
    let security: ConnectionSecurity
    private let tls: ListenerTLS
    let peer: PeerNetwork?
    /// What the handler made of this connection; nil before its first request.
    private var accepted: Handler.Connection?
    private var phase = Phase.open
    private var context: ChannelHandlerContext?
    private var frames: NIOHTTP2Handler?
    private var streams: [ObjectIdentifier: HTTP2Exchange<Handler>] = [:]
    private var lastStream = HTTP2StreamID.rootStream
    private var held = HeldBytes()
    /// WINDOW_UPDATE frames that the peer may still send.
    private var windowUpdatesLeft: Int
    /// Small DATA frames that the peer may still send.
    private var smallFramesLeft: Int
    private var faults = 0
    /// Streams that came when none was taken any more.
    private var lateStreams = 0
    private var idleDeadlineNanoseconds: Int64 = .max

    init(_ shared: ServerShared<Handler>, _ tls: ListenerTLS, peer: PeerNetwork?, security: ConnectionSecurity) {
        self.shared = shared
        self.peer = peer
        self.tls = tls
        self.security = security
        windowUpdatesLeft = tls.http2.windowUpdatesMax
        smallFramesLeft = tls.http2.smallFramesMax
    }

    // MARK: making

    /// Adds what HTTP/2 needs to the end of a pipeline whose handshake is over.
    func install(in pipeline: ChannelPipeline) throws {
        let limits = tls.http2
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streamsMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: shared.limits.headerBytesMax),
        ]
        connection.maximumSequentialContinuationFrames = limits.continuationsMax
        connection.maximumBufferedControlFrames = limits.controlFramesMax * 4
        // What is still on its way to a stream that was refused is no fault.
        connection.maximumRecentlyResetStreams = limits.streamsMax
        connection.controlFrameRateLimit.maximumCount = limits.controlFramesMax
        connection.controlFrameRateLimit.windowLength = .milliseconds(limits.windowMilliseconds)
        // Many streams share this window; the bodies of all of them are bounded elsewhere.
        connection.targetWindowSize = 1 << 20
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.outboundBufferSizeHighWatermark = 64 << 10
        stream.outboundBufferSizeLowWatermark = 32 << 10
        stream.streamResetFrameRateLimit.maximumCount = limits.resetsMax
        stream.streamResetFrameRateLimit.windowLength = .milliseconds(limits.windowMilliseconds)
        stream.streamErrorRateLimit.maximumCount = limits.resetsMax
        stream.streamErrorRateLimit.windowLength = .milliseconds(limits.windowMilliseconds)
        let eventLoop = shared.eventLoop
        let handler = NIOHTTP2Handler(
            mode: .server, eventLoop: eventLoop, connectionConfiguration: connection, streamConfiguration: stream
        ) { [self] channel in
            eventLoop.makeCompletedFuture { try begin(channel) }
        }
        frames = handler
        try pipeline.syncOperations.addHandlers([handler, self])
    }

    private func begin(_ channel: any Channel) throws {
        switch phase {
        case .open, .announced:
            if let id = try channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID), id > lastStream {
                lastStream = id
            }
        // Which is the last was said.
        case .ending: break
        // What one read brought goes on to be parsed for a while after the end.
        case .closing, .closed: throw ChannelError.ioOnClosedChannel
        }
        // Not left to the settings: they bind a peer only once it has acknowledged them.
        earnWindowUpdates(Self.framesOfStream)
        earnSmallFrames(Self.framesOfStream)
        let exchange = HTTP2Exchange(self, isTaken: takesStreams && streams.count < tls.http2.streamsMax)
        streams[ObjectIdentifier(exchange)] = exchange
        try channel.pipeline.syncOperations.addHandler(exchange)
        // To refuse a stream is work too. A peer that has not heard of the end yet can have as many on their way as may be open:
        // they harm no neighbour. Who sends more loses what runs on the connection.
        guard !takesStreams else { return }
        lateStreams += 1
        if lateStreams > tls.http2.streamsMax { end(for: .streamErrors) }
    }

    // MARK: what exchanges ask

    /// What the handler made of this connection; nil once it has ended.
    func accept() -> Handler.Connection? {
        if let accepted { return accepted }
        accepted = context.map { shared.handler.accept(HTTPConnection($0.channel, security: security)) }
        return accepted
    }

    private var takesStreams: Bool {
        switch phase {
        // Behind a fault no more is taken, for whoever makes one stream fail may make all of them.
        case .open, .announced: faults == 0
        case .ending, .closing, .closed: false
        }
    }

    /// Counts bytes of a request that a stream holds; false when the connection's streams hold too many.
    ///
    /// - Throws: when all connections, or those of the peer, do.
    func holdRequest(_ bytes: Int) throws(HTTPRefusal) -> Bool {
        guard held.count + bytes <= tls.http2.bufferedBytesMax else { return false }
        guard held.grow(to: held.count + bytes, in: shared.gauges.buffered, for: peer) else { throw .overloaded }
        return true
    }

    /// Counts bytes of an answer; false when all connections, or those of the peer, hold too many.
    ///
    /// Whatever the other streams hold: it is their reader who frees the memory.
    func holdAnswer(_ bytes: Int) -> Bool {
        guard held.grow(to: held.count + bytes, in: shared.gauges.buffered, for: peer) else { return false }
        earnWindowUpdates(bytes >> 10)
        return true
    }

    func release(_ bytes: Int) {
        held.shrink(to: held.count - bytes, in: shared.gauges.buffered, for: peer)
    }

    /// A peer that reads says so now and then; one that only says so makes us work for nothing.
    func windowUpdated() {
        windowUpdatesLeft -= 1
        if windowUpdatesLeft < 0 { end(for: .windowUpdates) }
    }

    /// A body in crumbs costs us a frame's work for each of them.
    func dataCame(_ bytes: Int, isLast: Bool) {
        earnSmallFrames(bytes >> 10)
        guard bytes < HTTP2Limits.smallFrameBytes, !isLast else { return }
        smallFramesLeft -= 1
        if smallFramesLeft < 0 { end(for: .smallFrames) }
    }

    private func end(for fault: HTTP2Fault) {
        switch phase {
        case .open, .announced, .ending: break
        case .closing, .closed: return
        }
        tls.gauges.http2Failed(fault)
        phase = .closing
        // Past TLS, whose own end would wait for the peer's while it goes on reading what the peer sends.
        guard let context else { return }
        guard let own = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) else {
            return context.close(promise: nil)
        }
        own.close(promise: nil)
    }

    private static var framesOfStream: Int { 4 }

    private func earnSmallFrames(_ count: Int) {
        smallFramesLeft = min(smallFramesLeft + count, tls.http2.smallFramesMax)
    }

    private func earnWindowUpdates(_ count: Int) {
        windowUpdatesLeft = min(windowUpdatesLeft + count, 1_000 * tls.http2.windowUpdatesMax)
    }

    func ended(_ exchange: HTTP2Exchange<Handler>, holding bytes: Int) {
        release(bytes)
        streams[ObjectIdentifier(exchange)] = nil
        guard streams.isEmpty else { return }
        idleDeadlineNanoseconds = shared.now() + shared.limits.idleTimeoutMilliseconds * 1_000_000
        if case .ending = phase { close() }
    }

    // MARK: events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        idleDeadlineNanoseconds = shared.now() + shared.limits.idleTimeoutMilliseconds * 1_000_000
        shared.opened(self)
        // What a read brings is parsed whole, whatever becomes of the connection meanwhile.
        let reads = AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: Self.readBytesMax)
        try? context.channel.syncOptions?.setOption(ChannelOptions.recvAllocator, value: reads)
    }

    /// The most bytes of one read.
    private static var readBytesMax: Int { 16 << 10 }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data).payload {
        case .windowUpdate: windowUpdated()
        case .ping(_, ack: true): if case .announced = phase { nameLastStream() }
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    /// A flood ends the connection at once. Any other fault may be that of one stream: then its neighbours finish, and no more is
    /// taken.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let fault = HTTP2Fault(error)
        guard !fault.endsAtOnce else { return end(for: fault) }
        switch phase {
        case .open, .announced, .ending: break
        case .closing, .closed: return
        }
        tls.gauges.http2Failed(fault)
        faults += 1
        // Whoever holds one stream open could go on for as long as a request may take.
        guard faults <= tls.http2.faultsMax else { return end(for: .streamErrors) }
        announceEnd()
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        frames = nil
        phase = .closed
        shared.closed(self)
    }

    // MARK: time and the end

    var deadlineNanoseconds: Int64 {
        // Whoever has streams is asked at every sweep: each of them has a time of its own.
        streams.isEmpty ? idleDeadlineNanoseconds : 0
    }

    func deadlinePassed() {
        let now = shared.now()
        for exchange in Array(streams.values) where exchange.deadlineNanoseconds <= now { exchange.deadlinePassed() }
        guard idleDeadlineNanoseconds <= now else { return }
        switch phase {
        case .open: if streams.isEmpty { announceEnd() }
        case .announced: nameLastStream()
        case .ending: if streams.isEmpty { close() }
        case .closing: context?.close(promise: nil)
        case .closed: break
        }
    }

    func drain() {
        for exchange in Array(streams.values) { exchange.drain() }
        announceEnd()
    }

    func forceClose() {
        context?.close(promise: nil)
    }

    private func announceEnd() {
        guard case .open = phase, let context else { return }
        phase = .announced
        idleDeadlineNanoseconds = shared.now() + 1_000_000_000
        writeGoAway(.maxID, context)
        let ping = HTTP2Frame.FramePayload.ping(HTTP2PingData(withInteger: 0), ack: false)
        context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: ping)), promise: nil)
    }

    /// Says which stream is the last, and no error.
    ///
    /// Past the library, which from its own first GOAWAY on would pass over every later stream, uncounted, and end the connection for
    /// their bodies.
    private func writeGoAway(_ last: HTTP2StreamID, _ context: ChannelHandlerContext) {
        guard let frames, let own = try? context.pipeline.syncOperations.context(handler: frames) else { return }
        // 8 bytes of payload, type 7, no flags, the connection.
        var bytes = ByteBuffer(bytes: [0, 0, 8, 7, 0, 0, 0, 0, 0])
        bytes.writeInteger(UInt32(Int(last)))
        bytes.writeInteger(UInt32(0))
        own.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    private func nameLastStream() {
        guard case .announced = phase, let context else { return }
        phase = .ending
        writeGoAway(lastStream, context)
        if streams.isEmpty { close() }
    }

    /// Answers may still be on their way out: a frame behind them is done when they are.
    private func close() {
        guard let context else { return }
        phase = .closing
        idleDeadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        let last = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil))
        context.writeAndFlush(wrapOutboundOut(last)).whenComplete { [self] _ in self.context?.close(promise: nil) }
    }
}
