package import NIOCore
import NIOPosix
import Synchronization

/// An HTTP listener over the loops of a group.
package final class HTTPServer<Handler: HTTPHandler>: Sendable {
    /// What the server counts.
    package let gauges: ServerGauges
    private let channel: any Channel
    private let loops: [ServerShared<Handler>]
    private let isEnding = Atomic<Bool>(false)

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
    ///   - notify: told what an operator should know; called on an event loop.
    ///   - handler: makes the handler of an event loop; called once for each.
    package static func start(
        host: String, port: Int, group: any EventLoopGroup, routes: RouteTable, limits: HTTPLimits,
        tls: ListenerTLS? = nil, notify: @escaping @Sendable (ServerNotice) -> Void = { _ in },
        handler: (any EventLoop) -> Handler
    ) async throws -> HTTPServer {
        let gauges = ServerGauges(limits)
        var loops: [ObjectIdentifier: ServerShared<Handler>] = [:]
        for loop in group.makeIterator() {
            loops[ObjectIdentifier(loop)] = ServerShared(
                eventLoop: loop, handler: handler(loop), routes: routes, limits: limits, tls: tls, gauges: gauges,
                notify: notify)
        }
        let byLoop = loops
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    let pause = AcceptTrouble.handler(counting: gauges, notify: notify)
                    try listener.pipeline.syncOperations.addHandler(pause)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65_536)
            )
            .childChannelInitializer { child in
                // More connections than may be: closed before a byte is read, so that a flood costs no memory.
                let peer = limits.connectionsPerPeerMax > 0 ? PeerNetwork(child.remoteAddress) : nil
                guard let shared = byLoop[ObjectIdentifier(child.eventLoop)],
                    gauges.connectionOpened(by: peer, limits: limits)
                else { return child.close() }
                return child.eventLoop.makeCompletedFuture {
                    if let tls {
                        try child.pipeline.syncOperations.addHandler(TLSAcceptor(shared, tls, peer: peer))
                    } else {
                        try child.pipeline.syncOperations.addHandler(ServerConnection(shared, peer: peer))
                    }
                }
            }
            .bind(host: host, port: port).get()
        let server = HTTPServer(channel: channel, loops: Array(loops.values), gauges: gauges)
        // There are errors of the system behind which a listener cannot go on: then nobody may take the node for a healthy one.
        channel.closeFuture.whenComplete { [weak server] _ in
            guard let server, !server.isEnding.load(ordering: .acquiring) else { return }
            notify(.listenerEnded)
        }
        return server
    }

    /// Begins or ends to send clients elsewhere, without refusing anybody: every connection ends behind its answer, new ones are
    /// accepted and end behind their first.
    package func sendClientsAway(_ isAsked: Bool) {
        for loop in loops { loop.eventLoop.execute { loop.sendClientsAway(isAsked) } }
    }

    /// Stops accepting, lets running requests finish, and closes what is left when the time is over.
    package func drain(withinMilliseconds: Int64) async {
        isEnding.store(true, ordering: .releasing)
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
