package import NIOCore
import NIOPosix

/// An HTTP listener over the loops of a group.
package final class HTTPServer<Handler: HTTPHandler>: Sendable {
    /// What the server counts.
    package let gauges: ServerGauges
    private let channel: any Channel
    private let loops: [ServerShared<Handler>]

    private init(channel: any Channel, loops: [ServerShared<Handler>], gauges: ServerGauges) {
        self.channel = channel
        self.loops = loops
        self.gauges = gauges
    }

    /// The port that was bound.
    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - tls: nil for plain HTTP.
    ///   - handler: makes the handler of an event loop; called once for each.
    package static func start(
        host: String, port: Int, group: any EventLoopGroup, routes: RouteTable, limits: HTTPLimits,
        tls: ListenerTLS? = nil, handler: (any EventLoop) -> Handler
    ) async throws -> HTTPServer {
        let gauges = ServerGauges()
        var loops: [ObjectIdentifier: ServerShared<Handler>] = [:]
        for loop in group.makeIterator() {
            loops[ObjectIdentifier(loop)] = ServerShared(
                eventLoop: loop, handler: handler(loop), routes: routes, limits: limits, tls: tls, gauges: gauges)
        }
        let byLoop = loops
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65_536)
            )
            .childChannelInitializer { child in
                // More connections than may be: closed before a byte is read, so that a flood costs no memory.
                guard let shared = byLoop[ObjectIdentifier(child.eventLoop)],
                    gauges.connectionOpened(max: limits.connectionsMax)
                else { return child.close() }
                return child.eventLoop.makeCompletedFuture {
                    if let tls {
                        try child.pipeline.syncOperations.addHandler(TLSAcceptor(shared, tls))
                    } else {
                        try child.pipeline.syncOperations.addHandler(ServerConnection(shared))
                    }
                }
            }
            .bind(host: host, port: port).get()
        return HTTPServer(channel: channel, loops: Array(loops.values), gauges: gauges)
    }

    /// Stops accepting, lets running requests finish, and closes what is left when the time is over.
    package func drain(withinMilliseconds: Int64) async {
        try? await channel.close().get()
        for loop in loops { loop.eventLoop.execute { loop.drain() } }
        let deadline = NIODeadline.now() + .milliseconds(withinMilliseconds)
        // In a cancelled task sleeping ends at once: then there is nothing to wait for either.
        while gauges.openConnections > 0, NIODeadline.now() < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for loop in loops { try? await loop.eventLoop.submit { loop.forceClose() }.get() }
    }
}
