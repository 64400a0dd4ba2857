import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import RedisFixtures
import Synchronization
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("A client's hello")
    struct ClientHelloReaderTests {
        /// The first bytes that a client sends.
        static func hello(_ name: String?) throws -> [UInt8] {
            let context = try NIOSSLContext(configuration: .makeClientConfiguration())
            let channel = EmbeddedChannel()
            defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
            try channel.pipeline.syncOperations.addHandler(
                NIOSSLClientHandler(context: context, serverHostname: name))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            let written = try #require(try channel.readOutbound(as: ByteBuffer.self))
            return Array(written.readableBytesView)
        }

        /// The same handshake message in records of at most so many bytes.
        static func recut(_ hello: [UInt8], recordBytes: Int) -> [UInt8] {
            let message = hello.dropFirst(5)
            return stride(from: message.startIndex, to: message.endIndex, by: recordBytes).flatMap { start in
                let part = message[start..<min(start + recordBytes, message.endIndex)]
                return [22, 3, 1, UInt8(part.count >> 8), UInt8(part.count & 255)] + part
            }
        }

        static func read(_ bytes: [UInt8], at once: Int = .max) -> ClientHelloReader.Outcome {
            var reader = ClientHelloReader()
            var whole = ByteBuffer(bytes: bytes)
            while var part = whole.readSlice(length: min(once, whole.readableBytes)), part.readableBytes > 0 {
                let outcome = reader.read(&part)
                guard outcome == .needsMore else { return outcome }
            }
            return .needsMore
        }

        /// Asks the library that shakes hands which name it sees.
        private final class Library {
            private final class Names: Sendable { let value = Mutex<[String?]>([]) }

            private let context: NIOSSLContext
            private let names = Names()

            init() throws {
                let names = names
                let certificates = try TLSFixture.certificates.get()
                var configuration = TLSConfiguration.makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(certificates.server.certificateFile)
                        .map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.server.keyFile, format: .pem)))
                configuration.sslContextCallback = { asked, promise in
                    names.value.withLock { $0.append(asked.serverHostname) }
                    promise.succeed(.noChanges)
                }
                context = try NIOSSLContext(configuration: configuration)
            }

            /// Nil where it takes no such hello; an inner nil where it sees no name.
            func name(_ bytes: [UInt8]) throws -> String?? {
                names.value.withLock { $0 = [] }
                let channel = EmbeddedChannel()
                defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
                _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
                return names.value.withLock { $0.first }
            }
        }

        @Test("name and suites are found however it is cut, and no name is told from one that cannot be read")
        func found() throws {
            for name in ["api.example.com", nil] {
                let hello = try Self.hello(name)
                var expected = ClientHello(serverName: name.map { Array($0.utf8) })
                for suite in [0xC02B, 0xC02F] as [UInt16] { expected.offer(suite) }
                for once in [1, 7, .max] {
                    #expect(Self.read(hello, at: once) == .whole(expected))
                    for recordBytes in [1, 3, 64] {
                        #expect(Self.read(Self.recut(hello, recordBytes: recordBytes), at: once) == .whole(expected))
                    }
                }
                for count in 0..<hello.count { #expect(Self.read(Array(hello[..<count])) == .needsMore) }
            }
            #expect(Self.read([22, 3, 1, 0, 0]) == .unreadable)
            #expect(Self.read([22, 3, 1, 0, 1, 2, 22, 3, 1, 0, 3, 0, 0, 0]) == .unreadable)
            #expect(Self.read([22, 3, 1, 0, 4, 1, 0, 0x40, 1]) == .unreadable, "longer than any hello may be")
        }

        @Test("the name is the one that the library sees, or the hello is unreadable, whatever is done to the bytes")
        func agrees() throws {
            let library = try Library()
            var random = SplitMix64(seed: 4)
            var agreed = 0
            for name in ["api.example.com", "API.Example.Com", nil] {
                let hello = try Self.hello(name)
                #expect(try library.name(hello) == .some(name))
                #expect(try library.name(Self.recut(hello, recordBytes: 16)) == .some(name))
                for _ in 0..<3_000 {
                    let recordBytes = Int.random(in: 16...600, using: &random)
                    var mutated = Mutation.mutate(hello, using: &random)
                    // Half of them with lengths that fit, so that the damage is inside.
                    if Bool.random(using: &random), mutated.count > 9 {
                        let length = mutated.count - 9
                        mutated.replaceSubrange(
                            0..<9,
                            with: [
                                22, 3, 1, UInt8((length + 4) >> 8), UInt8((length + 4) & 255), 1, 0, UInt8(length >> 8),
                                UInt8(length & 255),
                            ])
                        if Bool.random(using: &random) { mutated = Self.recut(mutated, recordBytes: recordBytes) }
                    }
                    guard let theirs = try library.name(mutated) else { continue }
                    switch Self.read(mutated) {
                    case .whole(let ours):
                        #expect(ours.serverName.map { String(decoding: $0, as: UTF8.self) } == theirs, "\(mutated)")
                        agreed += 1
                    case .unreadable: break
                    case .needsMore: Issue.record("the library needs no more: \(mutated)")
                    }
                }
            }
            #expect(agreed > 500, "too few hellos were good: \(agreed)")
        }

        @Test(
            "the name reaches the handler, and a hello in small records in small packets hides nothing",
            arguments: [1, 50, .max])
        func handedUp(recordBytes: Int) async throws {
            let certificates = try TLSFixture.certificates.get()
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(certificates.authority.certificateFile)
            configuration.certificateVerification = .noHostnameVerification
            let context = try NIOSSLContext(configuration: configuration)
            let name: TestServer.Behaviour = { _, connection in
                HTTPAnswer(status: 200, body: connection.security?.serverName ?? Array("none".utf8))
            }
            try await TestServer.run(tls: try TLSFixture.listener(), answering: name) { server in
                for asked in ["Hidden.Example.Com", nil] {
                    let text = TestServer.group.any().makePromise(of: String.self)
                    let channel = try await ClientBootstrap(group: TestServer.group)
                        .channelInitializer { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandlers([
                                    Recutter(recordBytes: recordBytes),
                                    NIOSSLClientHandler(context: context, serverHostname: asked), Answer(text),
                                ])
                            }
                        }
                        .connect(host: "127.0.0.1", port: server.server.port).get()
                    channel.writeAndFlush(
                        ByteBuffer(string: "GET /api/v1/agents HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
                        promise: nil)
                    let answer = try await text.futureResult.get()
                    #expect(answer.hasSuffix("\r\n\r\n\(asked ?? "none")"), "\(answer)")
                }
            }
        }

        /// Sends the first record in records of so many bytes, each on its own.
        private final class Recutter: ChannelOutboundHandler {
            typealias OutboundIn = ByteBuffer
            typealias OutboundOut = ByteBuffer
            private let recordBytes: Int
            private var isFirst = true

            init(recordBytes: Int) { self.recordBytes = recordBytes }

            func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
                let bytes = Array(unwrapOutboundIn(data).readableBytesView)
                guard isFirst, recordBytes < bytes.count else { return context.write(data, promise: promise) }
                isFirst = false
                let cut = ClientHelloReaderTests.recut(bytes, recordBytes: recordBytes)
                for byte in cut {
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [byte])), promise: nil)
                }
                promise?.succeed()
            }
        }

        private final class Answer: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            private let promise: EventLoopPromise<String>
            private var text = ""

            init(_ promise: EventLoopPromise<String>) { self.promise = promise }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                text += String(buffer: unwrapInboundIn(data))
            }

            func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

            func channelInactive(context: ChannelHandlerContext) { promise.succeed(text) }
        }
    }
}
