import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A server whose answers and delays are known: what a load test of it must find can be computed.
final class TestServer: Sendable {
    /// What a request gets.
    enum Reply: Sendable {
        /// Bytes as they are, so many milliseconds after the request came.
        case bytes(String, afterMilliseconds: Double)
        /// The connection ends.
        case close
        case nothing

        static func status(
            _ status: Int, _ body: String = "{}", afterMilliseconds: Double = 0, header: String = ""
        ) -> Reply {
            .bytes(
                "HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\(header)\r\n\(body)",
                afterMilliseconds: afterMilliseconds)
        }
    }

    /// A request as it came.
    struct Request: Sendable {
        /// From 0, over all connections.
        let number: Int
        /// From the first request to this one.
        let milliseconds: Double
        let text: String
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: TestServer
        private var received = ""
        private var since: UInt64?

        init(_ server: TestServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            // When it came, not when a debug build has read it.
            let now = since ?? NIODeadline.now().uptimeNanoseconds
            since = now
            var bytes = unwrapInboundIn(data)
            received += bytes.readString(length: bytes.readableBytes) ?? ""
            guard let end = received.range(of: "\r\n\r\n"),
                let length = received.firstMatch(of: #/content-length: (\d+)/#).flatMap({ Int($0.1) }),
                received[end.upperBound...].utf8.count >= length
            else { return }
            let text = received
            received = ""
            since = nil
            answer(server.reply(to: text, at: now), context)
        }

        private func answer(_ reply: Reply, _ context: ChannelHandlerContext) {
            switch reply {
            case .close: context.close(promise: nil)
            case .nothing: break
            case .bytes(let text, let milliseconds):
                let send = { context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil) }
                guard milliseconds > 0 else { return send() }
                context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(milliseconds * 1e6))) { send() }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let script: @Sendable (Request) -> Reply
    private let state = Mutex<(count: Int, first: UInt64, texts: [String])>((0, 0, []))
    private let channel = Mutex<(any Channel)?>(nil)

    /// Listens on a free port of loopback.
    init(_ script: @escaping @Sendable (Request) -> Reply) async throws {
        self.script = script
        let bound = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = bound }
    }

    /// Runs one for the time of the body.
    static func run(
        _ script: @escaping @Sendable (Request) -> Reply, during body: (TestServer) async throws -> Void
    ) async throws {
        let server = try await TestServer(script)
        do {
            try await body(server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    /// Closes everything.
    func stop() async throws { try await group.shutdownGracefully() }

    var url: String { "http://127.0.0.1:\(channel.withLock { $0?.localAddress?.port } ?? 0)" }
    var requestCount: Int { state.withLock { $0.count } }
    /// The first requests, whole.
    var texts: [String] { state.withLock { $0.texts } }

    private func reply(to text: String, at now: UInt64) -> Reply {
        let request = state.withLock { state in
            if state.count == 0 { state.first = now }
            state.count += 1
            if state.texts.count < 100 { state.texts.append(text) }
            return Request(
                number: state.count - 1, milliseconds: Double(now - state.first) / 1e6, text: text)
        }
        return script(request)
    }
}
