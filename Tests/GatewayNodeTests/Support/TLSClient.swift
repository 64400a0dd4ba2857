import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import RedisFixtures

/// A client that makes a connection for each request, and looks at the certificate that it is shown.
struct TLSClient: Sendable {
    struct Answer: Sendable {
        var text: String
        /// The leaf that the server showed, in DER.
        var certificate: [UInt8]

        var status: Int { Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    }

    private let context: NIOSSLContext

    /// - Parameters:
    ///   - authorityFiles: certificates that the server is trusted by.
    ///   - showing: the client's own certificate.
    init(authorityFiles: [String], showing pair: TestCertificates.Pair? = nil) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try authorityFiles.flatMap { try NIOSSLCertificate.fromPEMFile($0) })
        if let pair {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(pair.certificateFile)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: pair.keyFile, format: .pem))
        }
        context = try NIOSSLContext(configuration: configuration)
    }

    /// Sends a request on a connection of its own and reads until the server ends it.
    ///
    /// - Parameter seconds: how long the last byte is held back.
    func answer(_ request: String, port: Int, lastByteAfter seconds: Int64 = 0) async throws -> Answer {
        let whole = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Answer.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .channelInitializer { [context] channel in
                channel.eventLoop.makeCompletedFuture {
                    let ssl = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([ssl, Reader(whole, ssl)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        if seconds > 0 {
            channel.writeAndFlush(ByteBuffer(string: String(request.dropLast())), promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(seconds)) {
                channel.writeAndFlush(ByteBuffer(string: String(request.suffix(1))), promise: nil)
            }
        } else {
            channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
        }
        return try await whole.futureResult.get()
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let whole: EventLoopPromise<Answer>
        private let ssl: NIOSSLClientHandler
        private var text = ""
        private var failure: (any Error)?

        init(_ whole: EventLoopPromise<Answer>, _ ssl: NIOSSLClientHandler) {
            self.whole = whole
            self.ssl = ssl
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            failure = failure ?? error
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            guard !text.isEmpty else { return whole.fail(failure ?? ChannelError.eof) }
            let leaf = (try? ssl.peerCertificate?.toDERBytes()) ?? []
            whole.succeed(Answer(text: text, certificate: leaf))
        }
    }
}
