import AdminServer
import Gateway
import GatewayConfiguration
import NIOPosix
import Observability

extension GatewayNode {
    /// The admin plane, and the port it was bound to.
    func startAdmin(_ group: MultiThreadedEventLoopGroup) async throws -> (Task<Void, Never>, Int) {
        var settings = AdminServer.Settings()
        settings.host = configuration.admin.http.host
        settings.port = configuration.admin.http.port
        settings.tls = parts.tls.admin
        settings.access = AdminAccess(configuration.admin, parts)
        let connections = ConnectionReader(rules: parts.peers.rules)
        let audit = parts.audit
        let (ports, bound) = AsyncThrowingStream.makeStream(of: Int.self)
        let server = AdminServer(
            settings: settings,
            parts: AdminServer.Parts(
                metrics: parts.registry, health: parts.health, operations: operations,
                accept: { connections.read($0) }, audit: { audit.append($0) },
                clock: AdminClock(
                    monotonicNanoseconds: Timestamp.monotonicNanoseconds, unixNanoseconds: Timestamp.unixNanoseconds),
                secret: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))),
            eventLoopGroup: group, onBound: { bound.yield($0) })
        let task = Task {
            do {
                try await server.run()
                bound.finish()
            } catch {
                bound.finish(throwing: error)
            }
        }
        for try await port in ports { return (task, port) }
        throw CancellationError()
    }

    private var operations: NodeOperations {
        NodeOperations(
            parts: parts, configuration: configuration, configurationFile: origin.file,
            environment: origin.environment,
            node: NodeOperations.Node(
                drain: { [weak self] in self?.drain($0) }, reload: { [weak self] in await self?.reload() ?? [] }),
            keyRing: parts.seals.map { KeyRingDesk(parts: parts, seals: $0) }, drains: drains)
    }
}
