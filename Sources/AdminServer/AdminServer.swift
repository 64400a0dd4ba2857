package import Gateway
package import GatewayHTTP
package import NIOCore
package import Observability
import ServiceLifecycle

/// The admin plane: metrics, health and the admin API on a port of its own, never on that of the data plane.
///
/// - `/metrics`: Prometheus text format 0.0.4, or OpenMetrics 1.0.0 for who asks for it.
/// - `/health`: the report of all parts; 200 when healthy or degraded, 503 when a part is unhealthy. The Python package
///   answers 200 always; here a probe that looks at nothing but the status is told the truth.
/// - `/health/live`: 200 while the process answers. `/health/ready`: 200 while it serves, else 503.
/// - `/console`: the page that a person on call opens; it reads `/admin/v1/events` and acts by the rest.
/// - `/admin/v1/…`: what operators look at and do; see ``AdminPlace``, and the OpenAPI document that is served there.
///
/// It runs on the event loops that it is given; hand it a group of its own, so that a scrape does not hold up requests.
package struct AdminServer: Service {
    /// Where it listens and what it bears.
    package struct Settings: Sendable {
        package var host = "127.0.0.1"
        /// 0 lets the system choose.
        package var port = 9090
        /// What a connection may cost.
        package var limits = HTTPLimits()
        /// nil for plain HTTP.
        package var tls: ListenerTLS?
        package var access = AdminAccess()

        package init() {
            limits.connectionsMax = 64
            limits.connectionsPerPeerMax = 0
            limits.idleTimeoutMilliseconds = 30_000
            limits.headerBytesMax = 16 << 10
            // The text of a configuration is the largest thing that is sent here.
            limits.bodyBytesMax = 1 << 20
        }
    }

    /// What it stands on.
    package struct Parts: Sendable {
        package var metrics: MetricsRegistry
        package var health: HealthState
        package var operations: any AdminOperations
        /// Establishes who is at the other end of a connection.
        package var accept: @Sendable (HTTPConnection) -> ArrivalConnection
        package var audit: @Sendable (AuditRecord) -> Void
        package var clock: AdminClock
        /// 128 random bits, drawn anew by every process.
        package var secret: (UInt64, UInt64)

        package init(
            metrics: MetricsRegistry, health: HealthState, operations: any AdminOperations,
            accept: @escaping @Sendable (HTTPConnection) -> ArrivalConnection,
            audit: @escaping @Sendable (AuditRecord) -> Void, clock: AdminClock, secret: (UInt64, UInt64)
        ) {
            self.metrics = metrics
            self.health = health
            self.operations = operations
            self.accept = accept
            self.audit = audit
            self.clock = clock
            self.secret = secret
        }
    }

    /// How long running requests may take when the server ends.
    private static let drainMilliseconds: Int64 = 2_000

    private let settings: Settings
    private let handler: AdminHandler
    private let eventLoopGroup: any EventLoopGroup
    private let onBound: @Sendable (Int) async -> Void

    /// - Parameter onBound: called once with the port, when connections are accepted.
    package init(
        settings: Settings, parts: Parts, eventLoopGroup: any EventLoopGroup,
        onBound: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.settings = settings
        self.eventLoopGroup = eventLoopGroup
        self.onBound = onBound
        let (access, clock) = (settings.access, parts.clock)
        let attempts = AdminAttempts(
            failuresPerMinute: access.rules?.failuresPerMinute ?? 1,
            actionsPerMinute: access.rules?.actionsPerMinute ?? 1,
            secret: parts.secret, nowNanoseconds: clock.monotonicNanoseconds)
        handler = AdminHandler(
            pages: ProbePages(
                metrics: parts.metrics, health: parts.health, unixNanoseconds: clock.unixNanoseconds),
            gate: AdminGate(
                access: access, attempts: attempts, unixSeconds: { clock.unixNanoseconds() / 1_000_000_000 }),
            origin: AdminOrigin(
                hosts: access.hosts, origins: access.origins, scheme: settings.tls == nil ? "http" : "https"),
            operations: parts.operations, events: AdminEvents(parts.operations, clock),
            accept: parts.accept, audit: parts.audit, clock: clock)
    }

    /// Serves until the task is cancelled or the service group shuts down; running requests are answered first, within two seconds.
    ///
    /// - Throws: when the address cannot be bound.
    package func run() async throws {
        let handler = handler
        let server = try await HTTPServer.start(
            host: settings.host, port: settings.port, group: eventLoopGroup, routes: AdminPlace.table,
            limits: settings.limits, tls: settings.tls
        ) { _ in handler }
        await onBound(server.port)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                for await _ in ends {}
            } onGracefulShutdown: {
                end.finish()
            }
        } onCancel: {
            end.finish()
        }
        // In a cancelled task nothing would be waited for.
        await Task.detached { await server.drain(withinMilliseconds: Self.drainMilliseconds) }.value
    }
}
