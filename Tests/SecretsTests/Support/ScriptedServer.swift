import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A server of this machine that answers each request as a test says, by plain HTTP or by TLS.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        let method: String
        let target: String
        let headers: [String: String]
        let body: [UInt8]
    }

    enum Answer: Sendable {
        case reply(Int, String, headers: [String: String] = [:])
        /// So many bytes of body.
        case bytes(Int)
        /// Nothing, ever.
        case silence
        /// The head and nothing behind it.
        case headAlone
    }

    let port: Int
    private let channel: any Channel
    private let seen = Seen()

    var requests: [Request] { seen.list.withLock { $0 } }

    init(
        certificate: (chain: String, key: String)? = nil, _ answer: @escaping @Sendable (Request) -> Answer
    ) async throws {
        let context = try certificate.map { files in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(files.chain).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))))
        }
        let seen = seen
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer: answer, seen: seen))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func close() async { try? await channel.close() }

    private final class Seen: Sendable {
        let list = Mutex<[Request]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) -> Answer
        private let seen: Seen
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(answer: @escaping @Sendable (Request) -> Answer, seen: Seen) {
            self.answer = answer
            self.seen = seen
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
            case .end: reply(context)
            }
        }

        private func reply(_ context: ChannelHandlerContext) {
            guard let head else { return }
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }
            let request = Request(method: head.method.rawValue, target: head.uri, headers: headers, body: body)
            seen.list.withLock { $0.append(request) }
            switch answer(request) {
            case .reply(let status, let text, let headers):
                write(context, status, Array(text.utf8), headers)
            case .bytes(let count): write(context, 200, [UInt8](repeating: 0x20, count: count), [:])
            case .silence: break
            case .headAlone:
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "10"])
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        }

        private func write(_ context: ChannelHandlerContext, _ status: Int, _ body: [UInt8], _ more: [String: String]) {
            var headers = HTTPHeaders(more.map { ($0.key, $0.value) })
            headers.add(name: "content-length", value: "\(body.count)")
            let head = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
