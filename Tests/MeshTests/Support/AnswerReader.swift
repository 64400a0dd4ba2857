import NIOCore

/// Reads to the end of a connection; a connection that ends without a byte fails with its reason.
final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let whole: EventLoopPromise<MeshAnswer>
    private var text = ""
    private var failure: (any Error)?

    init(_ whole: EventLoopPromise<MeshAnswer>) { self.whole = whole }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !text.isEmpty else { return whole.fail(failure ?? ChannelError.eof) }
        whole.succeed(MeshAnswer(description: text))
    }
}
