import GatewayHTTP
import IntentusClient
import NIOCore

/// A kept connection to a target: one request at a time, as HTTP/1.1 clients do.
///
/// Touched on its event loop alone.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request that has no answer yet.
    struct OpenRequest {
        let request: Int
        /// When it was due, on the clock of `NIODeadline`.
        let dueNanoseconds: Int64
        let isCounted: Bool
        /// Opens the answer; nil where it comes in clear.
        var sealed: SealedExchange?
    }

    let target: Int
    private(set) var open: OpenRequest?
    private(set) var isStanding = false
    private var context: ChannelHandlerContext?
    private var reader = AnswerReader()
    private var outgoing = ByteBuffer()
    private unowned let engine: LoadEngine

    init(target: Int, engine: LoadEngine) {
        self.target = target
        self.engine = engine
    }

    /// Sends a request over a connection that has none.
    func send(_ request: OpenRequest, _ write: (inout ByteBuffer) throws -> SealedExchange?) rethrows -> Int {
        outgoing.clear()
        var request = request
        request.sealed = try write(&outgoing)
        open = request
        let count = outgoing.readableBytes
        context?.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        return count
    }

    /// From now on it carries requests.
    func stand() { isStanding = true }

    /// Ends it; whoever waits for its answer has been told.
    func abandon() {
        open = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    func channelInactive(context: ChannelHandlerContext) { ended() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        engine.received(bytes.readableBytes)
        reader.receive(&bytes)
        // Bytes that no request asked for: whose answer would they become?
        guard let request = open else { return context.close(promise: nil) }
        do throws(UpstreamFailure) {
            let isSealed = request.sealed != nil
            guard let answer = try reader.next(wantsBody: { isSealed || $0 >= 300 }) else { return }
            take(answer, of: request)
        } catch {
            open = nil
            engine.ended(request, at: target, .unreadable)
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { engine.readCompleted() }

    private func take(_ answer: AnswerReader.Answer, of request: OpenRequest) {
        open = nil
        let isReusable = !answer.closesAfter && reader.isEmpty
        if !isReusable { isStanding = false }
        engine.ended(request, at: target, request.outcome(of: answer))
        if isReusable { engine.free(self) } else { context?.close(promise: nil) }
    }

    private func ended() {
        guard context != nil else { return }
        context = nil
        isStanding = false
        if let request = open {
            open = nil
            let answer = reader.finish()
            engine.ended(request, at: target, answer.map { request.outcome(of: $0) } ?? .connectionLost)
        }
        engine.closed(self)
    }
}
