import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import RedisFixtures
import Synchronization

/// A client of HTTP/2 that sends frames as bytes: what a library would never let a test send.
final class HTTP2Client: Sendable {
    /// A frame that came.
    struct Frame: Sendable {
        var type: UInt8
        var flags: UInt8
        var stream: Int
        var payload: [UInt8]
    }

    private struct State {
        var frames: [Frame] = []
        var isClosed = false
        var answersPings = true
        /// PING frames that wait for their answer.
        var pings: [[UInt8]] = []
    }

    private let channel: any Channel
    private let state: Shared
    private let encoder = Mutex(HPACKEncoder(allocator: ByteBufferAllocator(), useHuffmanEncoding: false))

    private final class Shared: Sendable {
        let value = Mutex(State())
    }

    /// Connects, and sends preface and settings.
    init(port: Int) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        let authority = try TLSFixture.certificates.get().authority.certificateFile
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
        configuration.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: configuration)
        let state = Shared()
        self.state = state
        channel = try await ClientBootstrap(group: TestServer.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let ssl = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([ssl, Reader(state)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        send(Self.frame(4))
    }

    deinit { channel.close(promise: nil) }

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: Int = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        let head = [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
        return head + withUnsafeBytes(of: UInt32(stream).bigEndian, Array.init) + payload
    }

    /// What a peer far away does: it has not seen yet what was sent before a ping.
    func holdPings() { state.value.withLock { $0.answersPings = false } }

    /// Answers the pings that were held, and those to come at once.
    func answerPings() {
        let held = state.value.withLock { state in
            defer { state.pings = [] }
            state.answersPings = true
            return state.pings
        }
        for payload in held { send(Self.frame(6, flags: 1, payload)) }
    }

    /// The last stream that each GOAWAY named.
    var lastStreamsNamed: [Int] {
        frames.filter { $0.type == 7 }.map { $0.payload.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
    }

    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    /// The block of a request's headers.
    func block(_ path: String = "/api/v1/intent", method: String = "POST", _ more: [(String, String)] = []) -> [UInt8] {
        var headers: HPACKHeaders = [
            ":method": method, ":scheme": "https", ":path": path, ":authority": "gateway",
        ]
        headers.add(contentsOf: more.map { ($0.0, $0.1, HPACKIndexing.nonIndexable) })
        return block(headers)
    }

    func block(_ headers: HPACKHeaders) -> [UInt8] {
        var buffer = ByteBuffer()
        try? encoder.withLock { try $0.encode(headers: headers, to: &buffer) }
        return Array(buffer.readableBytesView)
    }

    /// Sends a request, its body in one frame.
    func request(_ stream: Int, body: String = "", _ more: [(String, String)] = []) {
        send(Self.frame(1, flags: body.isEmpty ? 5 : 4, stream: stream, block("/api/v1/intent", more)))
        if !body.isEmpty { send(Self.frame(0, flags: 1, stream: stream, Array(body.utf8))) }
    }

    var frames: [Frame] { state.value.withLock { $0.frames } }
    var isClosed: Bool { state.value.withLock { $0.isClosed } }

    func isOver() async -> Bool { await eventually { self.isClosed } }

    /// The body of a stream's answer once it is whole; nil when it never is.
    func body(_ stream: Int) async -> String? {
        let came = await eventually {
            self.isClosed || self.frames.contains { $0.stream == stream && $0.type <= 1 && $0.flags & 1 == 1 }
        }
        guard came else { return nil }
        let data = frames.filter { $0.stream == stream && $0.type == 0 }
        return String(decoding: data.flatMap(\.payload), as: UTF8.self)
    }

    /// The error code that a stream was reset with; nil when it was not.
    func resetCode(_ stream: Int) async -> UInt8? {
        _ = await eventually { self.isClosed || self.frames.contains { $0.stream == stream && $0.type == 3 } }
        return frames.first { $0.stream == stream && $0.type == 3 }?.payload.last
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let state: Shared
        private var buffer = ByteBuffer()

        init(_ state: Shared) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            buffer.writeBuffer(&bytes)
            while let head = buffer.getBytes(at: buffer.readerIndex, length: 9) {
                let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
                guard buffer.readableBytes >= 9 + length else { return }
                buffer.moveReaderIndex(forwardBy: 9)
                let stream = head[5...8].reduce(0) { $0 << 8 | Int($1) }
                let frame = Frame(
                    type: head[3], flags: head[4], stream: stream, payload: buffer.readBytes(length: length) ?? [])
                state.value.withLock { $0.frames.append(frame) }
                if frame.type == 6, frame.flags == 0, answers(frame.payload) {
                    let answer = HTTP2Client.frame(6, flags: 1, frame.payload)
                    context.writeAndFlush(NIOAny(ByteBuffer(bytes: answer)), promise: nil)
                }
            }
        }

        private func answers(_ ping: [UInt8]) -> Bool {
            state.value.withLock { state in
                if !state.answersPings { state.pings.append(ping) }
                return state.answersPings
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelInactive(context: ChannelHandlerContext) { state.value.withLock { $0.isClosed = true } }
    }
}
