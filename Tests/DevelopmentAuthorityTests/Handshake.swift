import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS

/// A handshake of a server and a client in memory.
struct Handshake {
    private final class Outcome: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var isDone = false

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted? = event as? TLSUserEvent { isDone = true }
        }

        // A refusal is an outcome here.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { isDone = false }
    }

    /// Whether both sides agreed, and neither took it back.
    let isDone: Bool

    init(_ server: NIOSSLContext, _ client: NIOSSLClientHandler) throws {
        let outcomes = (Outcome(), Outcome())
        let serverChannel = EmbeddedChannel()
        let clientChannel = EmbeddedChannel()
        try serverChannel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: server), outcomes.0])
        try clientChannel.pipeline.syncOperations.addHandlers([client, outcomes.1])
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        serverChannel.connect(to: address, promise: nil)
        clientChannel.connect(to: address, promise: nil)
        // A handshake has three flights; whoever refuses may still be sent a good-bye.
        for _ in 0..<10 {
            for (from, to) in [(clientChannel, serverChannel), (serverChannel, clientChannel)] {
                from.embeddedEventLoop.run()
                while let bytes = try from.readOutbound(as: ByteBuffer.self) {
                    _ = try? to.writeInbound(bytes)
                }
            }
        }
        isDone = outcomes.0.isDone && outcomes.1.isDone
        // Each waits for the other's good-bye, by a clock that only we move.
        for channel in [serverChannel, clientChannel] {
            channel.close(promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        }
    }
}
