import NIOCore

/// A connection of a load client: requests go out as they are due, answers come in their order.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request without an answer.
    struct OpenRequest {
        let request: Int
        let phase: Int
        let dueNanoseconds: Int64
        let sentNanoseconds: Int64
    }

    /// What the owner is told.
    protocol Owner: AnyObject {
        func connection(_ connection: LoadConnection, answered request: OpenRequest, by frame: HTTPFrame)
        func connectionClosed(_ connection: LoadConnection)
    }

    let target: Int
    private(set) var open = CircularBuffer<OpenRequest>()
    /// Whether something was written since the last flush.
    private var isTouched = false
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private unowned let owner: any Owner

    init(target: Int, owner: any Owner) {
        self.target = target
        self.owner = owner
    }

    func send(_ bytes: ByteBuffer, _ request: OpenRequest) {
        open.append(request)
        isTouched = true
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    /// Sends what was written; once for all requests that were due together.
    func flush() {
        guard isTouched else { return }
        isTouched = false
        context?.flush()
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { swap(&received, &bytes) } else { received.writeBuffer(&bytes) }
        while let frame = received.withUnsafeReadableBytes({ HTTPFrame($0) }) {
            received.moveReaderIndex(forwardBy: frame.byteCount)
            guard let request = open.popFirst() else { return context.close(promise: nil) }
            owner.connection(self, answered: request, by: frame)
        }
        if received.readableBytes == 0 { received.clear() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { owner.connectionClosed(self) }
}
