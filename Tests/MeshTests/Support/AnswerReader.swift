import NIOCore

/// Reads one answer by its length and closes; a connection that ends without a whole one fails with its reason.
final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let whole: EventLoopPromise<MeshAnswer>
    private var text = ""
    private var failure: (any Error)?
    private var isOver = false

    init(_ whole: EventLoopPromise<MeshAnswer>) { self.whole = whole }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        guard !isOver, isWhole else { return }
        isOver = true
        whole.succeed(MeshAnswer(description: text))
        // Envoy waits a second for its client to close first.
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        whole.fail(failure ?? ChannelError.eof)
    }

    private var isWhole: Bool {
        guard let end = text.utf8.firstRange(of: "\r\n\r\n".utf8) else { return false }
        let line = text[..<end.lowerBound].split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length:")
        }
        let length = line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
        return text.utf8[end.upperBound...].count >= length
    }
}
