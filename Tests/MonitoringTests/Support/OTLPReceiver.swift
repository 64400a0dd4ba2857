import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import RedisFixtures
import Synchronization

/// A receiver of traces, written from the OTLP document: `POST /v1/traces` with JSON, answered as a test says.
final class OTLPReceiver: Sendable {
    /// What one request is answered with.
    enum Answer: Sendable {
        case takes
        case says(Int, retryAfter: Int? = nil)
        /// Nothing, ever.
        case isSilent
    }

    struct Request: Sendable {
        let path: String
        let headers: [String: String]
        let body: [UInt8]
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: OTLPReceiver
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ receiver: OTLPReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, [])
            case .body(let bytes): body += Array(bytes.readableBytesView)
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let head else { return }
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { _, last in last }
            let (status, retryAfter): (Int, Int?)
            switch receiver.take(Request(path: head.uri, headers: headers, body: body)) {
            case .takes: (status, retryAfter) = (200, nil)
            case .says(let code, let seconds): (status, retryAfter) = (code, seconds)
            case .isSilent: return
            }
            var lines: HTTPHeaders = ["content-type": "application/json", "content-length": "2"]
            if let retryAfter { lines.add(name: "retry-after", value: "\(retryAfter)") }
            let response = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: lines)
            context.write(wrapOutboundOut(.head(response)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "{}")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private struct State {
        var requests: [Request] = []
        /// Given out first to last; the last one stays.
        var answers: [Answer]
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel = Mutex<(any Channel)?>(nil)
    private let state: Mutex<State>

    /// - Parameter tls: the certificate that it shows; nil for plain HTTP.
    init(_ answers: [Answer] = [.takes], tls: NIOSSLContext? = nil) throws {
        state = Mutex(State(answers: answers))
        let bound = try ServerBootstrap(group: group)
            .childChannelInitializer { [self] child in
                child.eventLoop.makeCompletedFuture {
                    if let tls { try child.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        channel.withLock { $0 = bound }
    }

    var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
    var endpoint: String { "http://127.0.0.1:\(port)/v1/traces" }
    var requests: [Request] { state.withLock { $0.requests } }

    func stop() { try? group.syncShutdownGracefully() }

    private func take(_ request: Request) -> Answer {
        state.withLock { state in
            state.requests.append(request)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
    }

    /// All spans of requests that were taken, strictly read.
    func spans() throws -> [ReceivedSpan] {
        try requests.flatMap { try ReceivedSpan.read($0.body) }
    }

    /// Waits until so many spans came.
    func waitForSpans(_ count: Int) throws -> [ReceivedSpan] {
        try Deadline.wait(for: "\(count) spans, \((try? spans().count) ?? 0) are here", milliseconds: 10_000) {
            try spans().count >= count
        }
        return try spans()
    }
}
