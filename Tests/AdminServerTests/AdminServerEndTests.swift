import AdminServer
import Logging
import NIOCore
import NIOPosix
import Observability
import Synchronization
import Testing

@Suite("The end of the admin server", .timeLimit(.minutes(1)))
struct AdminServerEndTests {
    /// Keeps what is logged above debug.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var logger: Logger { Logger(label: "admin") { _ in Handler(lines: self) } }

        private struct Handler: LogHandler {
            let lines: Lines
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.notice

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.message)") } }
        }
    }

    @Test("by cancellation is as quiet as any other, with a connection that is kept open", arguments: [true, false])
    func cancelled(keepsConnection: Bool) async throws {
        let lines = Lines()
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (ports, bound) = AsyncStream<Int>.makeStream()
        var settings = AdminServer.Settings()
        settings.port = 0
        let server = AdminServer(
            settings: settings, metrics: MetricsRegistry(), health: HealthState(), eventLoopGroup: loops,
            logger: lines.logger, onBound: { bound.yield($0) })
        let running = Task { try? await server.run() }
        let port = try #require(await ports.first { _ in true })
        let kept =
            keepsConnection ? try await ClientBootstrap(group: loops).connect(host: "127.0.0.1", port: port).get() : nil
        running.cancel()
        await running.value
        try? await kept?.close()
        #expect(lines.all == [])
        await #expect(throws: (any Error).self) {
            try await ClientBootstrap(group: loops).connect(host: "127.0.0.1", port: port).get()
        }
        try await loops.shutdownGracefully()
    }

    @Test("before the beginning is an end too")
    func early() async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var settings = AdminServer.Settings()
        settings.port = 0
        let server = AdminServer(
            settings: settings, metrics: MetricsRegistry(), health: HealthState(), eventLoopGroup: loops,
            logger: Lines().logger)
        for _ in 0..<20 {
            let running = Task { try? await server.run() }
            running.cancel()
            await running.value
        }
        try await loops.shutdownGracefully()
    }
}
