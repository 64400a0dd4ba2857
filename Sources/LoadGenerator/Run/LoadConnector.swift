import GatewayHTTP
import NIOCore
import NIOPosix

/// Makes one connection to a target, with its TLS handshake where there is one.
struct LoadConnector {
    static let connectTimeoutMilliseconds: Int64 = 2_000

    let plan: LoadPlan
    let target: Int
    let engine: LoadEngine

    /// Done when the engine has a connection that may carry requests.
    func connect() -> EventLoopFuture<Void> {
        let loop = engine.loop
        let endpoint = plan.targets[target].endpoint
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(Self.connectTimeoutMilliseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65_536))
        let connected =
            if let literal = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
                bootstrap.connect(to: literal)
            } else {
                bootstrap.connect(host: endpoint.host, port: endpoint.port)
            }
        return connected.hop(to: loop).assumeIsolated().flatMap { channel in
            secure(channel, endpoint)
        }.nonisolated()
    }

    private func secure(_ channel: any Channel, _ endpoint: UpstreamEndpoint) -> EventLoopFuture<Void> {
        let promise = engine.loop.makePromise(of: Void.self)
        do {
            guard endpoint.security != .none else {
                try use(channel)
                promise.succeed()
                return promise.futureResult
            }
            let isUnderWay = try plan.tls?.secure(
                channel, to: endpoint, withinMilliseconds: Self.connectTimeoutMilliseconds
            ) { isDone in
                promise.completeWith(
                    Result {
                        guard isDone, channel.isActive else { throw LoadFault("the TLS handshake failed") }
                        try use(channel)
                    })
            }
            if isUnderWay != true { throw LoadFault("https needs certificates that can be read") }
        } catch {
            channel.close(promise: nil)
            promise.fail(error)
        }
        return promise.futureResult
    }

    private func use(_ channel: any Channel) throws {
        let connection = LoadConnection(target: target, engine: engine)
        try channel.pipeline.syncOperations.addHandler(connection)
        engine.connected(connection)
    }
}
