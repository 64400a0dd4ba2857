import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server that answers every request the same, at the least cost: a worker or an issuer of a test.
package final class FixedServer: Sendable {
    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: ByteBuffer
        private let server: FixedServer
        private var received = ByteBuffer()

        init(_ answer: ByteBuffer, _ server: FixedServer) {
            self.answer = answer
            self.server = server
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            if received.readableBytes == 0 { swap(&received, &bytes) } else { received.writeBuffer(&bytes) }
            while let frame = received.withUnsafeReadableBytes({ HTTPFrame($0) }) {
                received.moveReaderIndex(forwardBy: frame.byteCount)
                server.requests.add(1, ordering: .relaxed)
                context.write(wrapOutboundOut(answer), promise: nil)
            }
            context.flush()
            if received.readableBytes == 0 { received.clear() }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let requests = Atomic(0)
    private let channel = Mutex<(any Channel)?>(nil)

    /// Listens; blocks until it does.
    ///
    /// - Parameters:
    ///   - host: an address of this machine.
    ///   - port: 0 takes a free one.
    ///   - body: JSON that answers every request, with status 200.
    package init(host: String = "127.0.0.1", port: Int = 0, body: String) throws {
        let text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
        let answer = ByteBuffer(string: text + body)
        let bound = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Connection(answer, self))
                }
            }
            .bind(host: host, port: port).wait()
        channel.withLock { $0 = bound }
    }

    package var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
    /// Requests that came so far.
    package var requestCount: Int { requests.load(ordering: .relaxed) }

    /// Closes everything; blocks until it is done.
    package func stop() { try? group.syncShutdownGracefully() }
}
