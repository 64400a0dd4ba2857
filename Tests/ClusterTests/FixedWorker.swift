import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server that answers every request alike at once, on an event loop of its own: as cheap as a worker can be.
final class FixedWorker: Sendable {
    let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let asked: Counter

    /// What a worker answers.
    static let success = """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success",\
        "payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}
        """

    /// Requests that were answered.
    var requests: Int { asked.value }

    private final class Counter: Sendable {
        private let number = Atomic<Int>(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.wrappingAdd(1, ordering: .relaxed) }
    }

    static func started(answering body: String = success, port: Int = 0) async throws -> FixedWorker {
        let answer = Array(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
                .utf8)
        let asked = Counter()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Responder(answer, asked))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return FixedWorker(port: channel.localAddress?.port ?? 0, group: group, asked: asked)
    }

    private init(port: Int, group: MultiThreadedEventLoopGroup, asked: Counter) {
        self.asked = asked
        self.port = port
        self.group = group
    }

    func end() async { try? await group.shutdownGracefully() }

    /// Counts the bytes of bodies by their length, and answers each request once it is whole.
    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: [UInt8]
        private let asked: Counter
        private var incoming = ByteBuffer()

        init(_ answer: [UInt8], _ asked: Counter) {
            self.answer = answer
            self.asked = asked
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            incoming.writeBuffer(&bytes)
            var outgoing = context.channel.allocator.buffer(capacity: 512)
            while let length = requestLength() {
                incoming.moveReaderIndex(forwardBy: length)
                outgoing.writeBytes(answer)
                asked.add()
            }
            incoming.discardReadBytes()
            if outgoing.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil) }
        }

        private func requestLength() -> Int? {
            incoming.withUnsafeReadableBytes { bytes in
                guard let end = bytes.firstRange(of: [0x0D, 0x0A, 0x0D, 0x0A]) else { return nil }
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
                let line = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                let length = line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
                return bytes.count >= end.upperBound + length ? end.upperBound + length : nil
            }
        }
    }
}
