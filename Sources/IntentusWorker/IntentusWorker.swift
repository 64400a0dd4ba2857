import CertificateFiles
import Foundation
import GatewayHTTP
import IntentProtocol
import IntentusClient
public import Logging
import NIOPosix
import Secrets
public import ServiceLifecycle
import Synchronization

/// An agent: answers intents that a gateway sends it.
///
/// ```swift
/// let worker = IntentusWorker(WorkerConfiguration(name: "summarizer", instanceId: "a"))
/// worker.on("SummarizeIntent") { (text: Text, context) in Summary(of: text) }
/// try await worker.run()
/// ```
///
/// Handlers are added before ``run()``. A graceful shutdown of its service group deregisters the worker, refuses new
/// requests, lets running ones finish, and ends.
public final class IntentusWorker: Service {
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let onBound: @Sendable (Int) async -> Void
    private let handlers = Mutex(HandlerTable())

    /// Makes a worker.
    ///
    /// - Parameter onBound: called once with the port when the worker listens.
    public init(
        _ configuration: WorkerConfiguration, logger: Logger = Logger(label: "worker"),
        onBound: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onBound = onBound
    }

    /// Answers an intent with values.
    ///
    /// - Parameters:
    ///   - version: the version that is answered; `*` for any.
    ///   - handler: throws `IntentError` to say which error the caller sees; anything else is INTERNAL_AGENT_ERROR.
    public func on<Payload: Decodable & SendableMetatype, Result: Encodable & SendableMetatype>(
        _ intent: String, version: String = "1.0",
        _ handler: @escaping @Sendable (Payload, IntentContext) async throws -> Result
    ) {
        handlers.withLock { $0.add(intent, version, HandlerTable.raw(handler)) }
    }

    /// Answers an intent with the envelope as it came.
    public func onRaw(_ intent: String, version: String = "1.0", _ handler: @escaping RawHandler) {
        handlers.withLock { $0.add(intent, version, handler) }
    }

    /// Listens, registers, and answers until the task is cancelled or its service group shuts down.
    ///
    /// - Throws: ``WorkerConfigurationError`` when gateways would refuse what is configured or a certificate cannot be used, and
    ///   when the address cannot be bound.
    public func run() async throws {
        let handlers = handlers.withLock { $0 }
        try configuration.check(handlers.capabilities)
        let (secrets, store) = try secrets()
        let responder = IntentResponder(
            name: configuration.name, table: handlers, concurrencyMax: configuration.concurrencyMax,
            limits: .behindGateway(bodyBytesMax: configuration.bodyBytesMax), sealing: configuration.sealing,
            secrets: secrets, logger: logger)
        let (tls, connections) = try security()
        let (ends, end) = AsyncStream.makeStream(of: Never.self)
        let isBroken = Mutex(false)
        let refusalsLogged = NoticeLimit(everySeconds: 10)
        let (logger, traces) = (logger, configuration.traces)
        let server = try await HTTPServer.start(
            host: configuration.host, port: configuration.port, group: MultiThreadedEventLoopGroup.singleton,
            routes: WorkerHandler.routes, limits: limits, tls: tls?.tls,
            notify: { notice in
                switch notice {
                case .acceptFailed: break
                case .certificateRefused(let certificate, let peer):
                    let now = Int64(Date().timeIntervalSince1970)
                    guard let more = refusalsLogged.admit(certificate.reason, nowSeconds: now) else { return }
                    logger.warning(
                        "a caller was refused in its handshake",
                        metadata: ["peer": "\(peer)", "finding": "\(certificate.message)", "more": "\(more)"])
                case .listenerEnded:
                    isBroken.withLock { $0 = true }
                    end.finish()
                }
            }, handler: { _ in WorkerHandler(responder: responder, traces: traces) })
        // What opens the sources, such as a token of Vault, is kept good while nobody asks for a secret.
        let keepingOpen = Task { await store.run() }
        let watching = tls.map { tls in Task { await Self.watch(tls.certificates, logger) } }
        let registrations = registrations(server.port, handlers, connections, secrets)
        let registering = Self.keepRegistered(registrations)
        await onBound(server.port)
        await Self.untilStopped(ends)
        registering.cancel()
        await registering.value
        await Self.leave(registrations)
        responder.drain()
        await Self.drain(responder, milliseconds: configuration.drainTimeoutMilliseconds)
        watching?.cancel()
        keepingOpen.cancel()
        // Where every handler is done, only a peer that does not take its answer is still there; what still runs has had its time.
        let milliseconds: Int64 = responder.runningCount > 0 ? 0 : 2_000
        // Not cancelled with the worker's task: answers that are on their way arrive.
        await Task.detached { await server.drain(withinMilliseconds: milliseconds) }.value
        await connections.shutDown()
        if isBroken.withLock({ $0 }) { throw WorkerListenerEnded() }
    }

    /// The secrets as handlers see them, and the store behind them.
    private func secrets() throws(WorkerConfigurationError) -> (IntentSecrets, SecretStore) {
        let logger = logger
        let parsed = try configuration.secrets.parsed(tokenSecret: configuration.tokenSecret)
        let around = SecretSurroundings(
            environment: ProcessInfo.processInfo.environment.merging(configuration.secrets.variables) { $1 },
            folder: configuration.secrets.folder
        ) { event in
            logger.log(level: event.isTrouble ? .warning : .info, "secrets", metadata: ["event": "\(event)"])
        }
        let store = try configuration.secrets.store(parsed, around)
        return (IntentSecrets(references: parsed, provider: store), store)
    }

    private var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyBytesMax = configuration.bodyBytesMax
        // All callers are a few gateways.
        limits.connectionsPerPeerMax = 0
        return limits
    }

    /// What the worker shows to its callers, and what it shows to gateways.
    private func security() throws(WorkerConfigurationError) -> (
        (tls: ListenerTLS, certificates: CertificateSet)?, GatewayConnections
    ) {
        var limits = UpstreamLimits()
        limits.connectTimeoutMilliseconds = 2_000
        limits.bodyBytesMax = 1 << 20
        do throws(TLSFault) {
            let listener = try configuration.tls.map { tls throws(TLSFault) in try tls.listener() }
            guard let gateways = configuration.gatewayTLS else {
                let isTLS = configuration.gateways.contains { GatewayAddress($0)?.isTLS == true }
                return (listener, GatewayConnections(isTLS: isTLS, limits: limits))
            }
            return (listener, try GatewayConnections(gateways, limits: limits))
        } catch {
            throw WorkerConfigurationError(findings: [error.description])
        }
    }

    /// Puts new certificates in force until cancelled.
    private static func watch(_ certificates: CertificateSet, _ logger: Logger) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            switch certificates.refresh() {
            case .unchanged: break
            case .replaced: logger.notice("certificates in force")
            case .refused(let error):
                logger.error(
                    "certificates refused, the old ones stay in force", metadata: ["finding": "\(error)"])
            }
        }
    }

    /// Leaves all gateways at once, also when this task is cancelled.
    private static func leave(_ registrations: [Registration]) async {
        await Task.detached {
            await withTaskGroup(of: Void.self) { group in
                for registration in registrations { group.addTask { await registration.leave() } }
            }
        }.value
    }

    private func registrations(
        _ port: Int, _ table: HandlerTable, _ connections: GatewayConnections, _ secrets: IntentSecrets
    ) -> [Registration] {
        var configuration = configuration
        if let name = configuration.tokenSecret {
            configuration.token = configuration.token ?? TokenProvider { try await secrets[name].reveal() }
        }
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let scheme = configuration.tls == nil ? "http" : "https"
        let url = configuration.advertisedURL ?? "\(scheme)://\(host):\(port)/execute-agent"
        return configuration.gateways.enumerated().map { place, gateway in
            Registration(
                gateway: gateway, configuration, url: url, table: table, place: place, connections: connections,
                logger: logger)
        }
    }

    private static func keepRegistered(_ registrations: [Registration]) -> Task<Void, Never> {
        Task {
            await withTaskGroup(of: Void.self) { group in
                for registration in registrations { group.addTask { await registration.run() } }
            }
        }
    }

    /// Returns when this task is cancelled, its service group shuts down, or the listener has ended.
    private static func untilStopped(_ ends: AsyncStream<Never>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gracefulShutdown() }
            group.addTask { for await _ in ends {} }
            await group.next()
            group.cancelAll()
        }
    }

    private static func drain(_ responder: IntentResponder, milliseconds: Int64) async {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        while responder.runningCount > 0, ContinuousClock.now < deadline {
            // Not cancelled with the worker's task: running requests keep their time.
            await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
    }
}

/// The listener ended by itself, behind an error of the system that it cannot go on after.
struct WorkerListenerEnded: Error, CustomStringConvertible {
    var description: String { "the worker's listener has ended; start it again" }
}
