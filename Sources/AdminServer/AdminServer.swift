import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
package import Observability
import ServiceLifecycle

/// The admin plane: metrics and health on a port of its own, never on that of the data plane.
///
/// - `/metrics`: Prometheus text format 0.0.4.
/// - `/health`: the report of all parts; 200 when healthy or degraded, 503 when a part is unhealthy. The Python package
///   answers 200 always; here a probe that looks at nothing but the status is told the truth.
/// - `/health/live`: 200 while the process answers. `/health/ready`: 200 while it serves, else 503.
/// - Reports of the node as JSON, at the paths that it is given.
///
/// It runs on the event loops that it is given; hand it a group of its own, so that a scrape does not hold up
/// requests. Whoever reaches the port sees everything on it: bind it to loopback, or to a network of operators.
package struct AdminServer: Service {
    /// Where it listens and what it bears.
    package struct Settings: Sendable {
        package var host = "127.0.0.1"
        /// 0 lets the system choose.
        package var port = 9090
        package var connectionsMax = 64
        /// How long a connection may stay without a whole request, in milliseconds.
        package var idleTimeoutMilliseconds: Int64 = 30_000
        package var headerBytesMax = 16 << 10
        package var headersMax = 64
        /// No page takes a body; a peer that sends more than this in one request is cut off.
        package var bodyBytesMax = 64 << 10

        package init() {}
    }

    private let settings: Settings
    private let responder: AdminResponder
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onBound: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - reports: further pages, for those who operate the node.
    ///   - unixNanoseconds: the wall clock, for the time in the health report.
    ///   - onBound: called once with the port, when connections are accepted.
    package init(
        settings: Settings, metrics: MetricsRegistry, health: HealthState, reports: [AdminReport] = [],
        eventLoopGroup: any EventLoopGroup, logger: Logger,
        unixNanoseconds: @escaping @Sendable () -> Int64 = Timestamp.unixNanoseconds,
        onBound: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.settings = settings
        responder = AdminResponder(
            metrics: metrics, health: health,
            reports: Dictionary(reports.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first }),
            bodyBytesMax: settings.bodyBytesMax, unixNanoseconds: unixNanoseconds)
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.onBound = onBound
    }

    /// Serves until the task is cancelled or the service group shuts down; running requests are answered first, within two seconds.
    ///
    /// - Throws: when the address cannot be bound.
    package func run() async throws {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: settings.headerBytesMax, maxHeaderListSize: settings.headerBytesMax,
            maxHeaderFieldCount: settings.headersMax)
        let server = HTTP1Channel.Configuration(
            idleTimeout: .milliseconds(settings.idleTimeoutMilliseconds), httpDecoderConfiguration: decoder)
        let application = Application(
            responder: responder,
            server: .http1(configuration: server),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionsMax, logger: logger)),
            onServerRunning: { channel in await onBound(channel.localAddress?.port ?? settings.port) },
            eventLoopGroupProvider: .shared(eventLoopGroup),
            logger: logger)
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        let end = ServiceGroupConfiguration.ServiceConfiguration(
            service: AdminServerEnd(stops: stops), successTerminationBehavior: .gracefullyShutdownGroup)
        var group = ServiceGroupConfiguration(services: [.init(service: application), end], logger: Self.silent)
        group.maximumGracefulShutdownDuration = .milliseconds(Self.drainMilliseconds)
        let services = ServiceGroup(configuration: group)
        // A cancelled server breaks off what it does and reports that as a fault: so it never sees the cancellation, and is asked
        // to end instead.
        let serving = Task.detached { try await services.run() }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await serving.value
            } onGracefulShutdown: {
                stop.finish()
            }
        } onCancel: {
            stop.finish()
        }
    }

    /// How long running requests may take when the server ends.
    private static let drainMilliseconds: Int64 = 2_000
    /// The group has nothing to say that its owner has not said.
    private static let silent = Logger(label: "admin") { _ in SwiftLogNoOpLogHandler() }
}
