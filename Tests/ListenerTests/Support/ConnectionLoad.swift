import LoadClient
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Sends each request on a connection of its own, when it is due, whatever becomes of those before it.
final class ConnectionLoad: Sendable {
    /// What became of them.
    struct Report: Sendable {
        var sent = 0
        var answered = 0
        /// By what went wrong.
        var failures: [String: Int] = [:]
        /// From when a request was due.
        var latencies = LatencyHistogram()
        /// How many different certificates were shown.
        var certificates: Set<[UInt8]> = []
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let driver: NIOLoopBound<Driver>

    /// - Parameters:
    ///   - context: the client's certificate, and whom it trusts.
    ///   - perSecond: connections.
    init(port: Int, context: NIOSSLContext, request: [UInt8], perSecond: Int) throws {
        let loop = group.next()
        driver = try loop.submit {
            NIOLoopBound(Driver(loop, port, context, request, perSecond), eventLoop: loop)
        }.wait()
    }

    /// Runs for so long and waits for what is still under way.
    func run(milliseconds: Int) async throws -> Report {
        let (loop, driver) = (group.next(), driver)
        try await loop.submit { driver.value.start() }.get()
        try await Task.sleep(for: .milliseconds(milliseconds))
        try await loop.submit { driver.value.isOver = true }.get()
        for _ in 0..<2_000 where try await loop.submit({ driver.value.open }).get() > 0 {
            try await Task.sleep(for: .milliseconds(5))
        }
        var report = try await loop.submit { driver.value.report }.get()
        let open = try await loop.submit { driver.value.open }.get()
        if open > 0 { report.failures["no answer in time"] = open }
        try await group.shutdownGracefully()
        return report
    }

    /// Everything of the load, on its event loop.
    private final class Driver {
        let loop: any EventLoop
        let port: Int
        let context: NIOSSLContext
        let request: [UInt8]
        let gapNanoseconds: Int64
        var report = Report()
        var open = 0
        var isOver = false
        private var dueNanoseconds: Int64 = 0

        init(_ loop: any EventLoop, _ port: Int, _ context: NIOSSLContext, _ request: [UInt8], _ perSecond: Int) {
            self.loop = loop
            self.port = port
            self.context = context
            self.request = request
            gapNanoseconds = 1_000_000_000 / Int64(perSecond)
        }

        static func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

        func start() {
            dueNanoseconds = Self.now()
            tick()
        }

        private func tick() {
            guard !isOver else { return }
            let now = Self.now()
            while dueNanoseconds <= now {
                connect(due: dueNanoseconds)
                dueNanoseconds += gapNanoseconds
            }
            let bound = NIOLoopBound(self, eventLoop: loop)
            loop.scheduleTask(in: .nanoseconds(max(dueNanoseconds - now, 100_000))) { bound.value.tick() }
        }

        private func connect(due: Int64) {
            report.sent += 1
            open += 1
            let bound = NIOLoopBound(self, eventLoop: loop)
            ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let driver = bound.value
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: driver.context, serverHostname: nil),
                            Exchange(driver, due: due),
                        ])
                    }
                }
                .connect(host: "127.0.0.1", port: port)
                .whenFailure { bound.value.failed("connect: \($0)") }
        }

        func failed(_ reason: String) {
            open -= 1
            report.failures[reason, default: 0] += 1
        }

        func answered(due: Int64) {
            open -= 1
            report.answered += 1
            report.latencies.add(microseconds: Int((Self.now() - due) / 1_000))
        }
    }

    /// One connection.
    private final class Exchange: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let driver: Driver
        private let due: Int64
        private var received = ByteBuffer()
        private var isTold = false

        init(_ driver: Driver, due: Int64) {
            self.driver = driver
            self.due = due
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
            let ssl = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
            if let shown = ssl?.peerCertificate { driver.report.certificates.insert(shown.serialNumber) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: driver.request)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            received.writeBuffer(&bytes)
            guard let frame = received.withUnsafeReadableBytes({ HTTPFrame($0) }), !isTold else { return }
            isTold = true
            if frame.status == 200 { driver.answered(due: due) } else { driver.failed("status \(frame.status)") }
            context.close(promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            tell("\(error)")
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { tell("closed without an answer") }

        private func tell(_ reason: String) {
            guard !isTold else { return }
            isTold = true
            driver.failed(reason)
        }
    }
}
