import NIOCore
import NIOPosix
import NIOSSL
import RedisFixtures

/// A client that makes a connection for each request and sends the bytes that it is told.
struct MeshClient: Sendable {
    private let context: NIOSSLContext?

    /// Speaks plain text.
    init() { context = nil }

    /// Speaks TLS and takes any server: it is the server's decisions that are tested with it.
    ///
    /// - Parameter pair: the certificate that it shows; nil means none.
    init(showing pair: TestCertificates.Pair?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        if let pair {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(pair.certificateFile)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: pair.keyFile, format: .pem))
        }
        context = try NIOSSLContext(configuration: configuration)
    }

    /// Sends a request that asks for the end of its connection, and reads until there.
    ///
    /// - Parameters:
    ///   - preface: sent before all else, in plain text.
    ///   - serverName: what TLS names the server; nil means nothing.
    /// - Throws: when the connection ends without an answer, as it does after a refused certificate.
    func answer(
        _ request: String, port: Int, preface: String = "", serverName: String? = nil
    ) async throws -> MeshAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let whole = loop.makePromise(of: MeshAnswer.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop).connectTimeout(.seconds(5))
                .channelInitializer { [context] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if !preface.isEmpty { try pipeline.addHandler(Preface(preface)) }
                        if let context {
                            try pipeline.addHandler(
                                try NIOSSLClientHandler(context: context, serverHostname: serverName))
                        }
                        try pipeline.addHandler(AnswerReader(whole))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            whole.fail(error)
            throw error
        }
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
        return try await whole.futureResult.get()
    }

    /// Writes a text as soon as there is a connection, ahead of the handlers behind it.
    private final class Preface: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let text: String

        init(_ text: String) { self.text = text }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            context.fireChannelActive()
        }
    }
}
