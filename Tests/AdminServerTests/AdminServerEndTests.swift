import AdminServer
import NIOCore
import NIOPosix
import Observability
import Testing

@Suite("The end of the admin server", .timeLimit(.minutes(1)))
struct AdminServerEndTests {
    @Test("by cancellation closes the port, also with a connection that is kept open", arguments: [true, false])
    func cancelled(keepsConnection: Bool) async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (ports, bound) = AsyncStream<Int>.makeStream()
        var settings = AdminServer.Settings()
        settings.port = 0
        let server = AdminServer(
            settings: settings, parts: try .forTests(), eventLoopGroup: loops, onBound: { bound.yield($0) })
        let running = Task { try? await server.run() }
        let port = try #require(await ports.first { _ in true })
        let kept =
            keepsConnection ? try await ClientBootstrap(group: loops).connect(host: "127.0.0.1", port: port).get() : nil
        running.cancel()
        await running.value
        try? await kept?.close()
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
            settings: settings, parts: try .forTests(), eventLoopGroup: loops)
        for _ in 0..<20 {
            let running = Task { try? await server.run() }
            running.cancel()
            await running.value
        }
        try await loops.shutdownGracefully()
    }
}
