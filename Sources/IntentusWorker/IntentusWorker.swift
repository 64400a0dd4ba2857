import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import IntentProtocol
import IntentusClient
public import Logging
import NIOCore
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
    /// - Throws: ``WorkerConfigurationError`` when gateways would refuse what is configured, and when the address cannot be bound.
    public func run() async throws {
        let handlers = handlers.withLock { $0 }
        try configuration.check(handlers.capabilities)
        let responder = IntentResponder(
            name: configuration.name, table: handlers, concurrencyMax: configuration.concurrencyMax, logger: logger)
        let http = Self.registrationClient()
        let (listeners, bound) = AsyncStream.makeStream(of: (any Channel).self)
        // A group of its own: the server ends when this worker says so, which is after it has left the gateways.
        let server = serverGroup(responder) { bound.yield($0) }
        let serving = Task.detached {
            defer { bound.finish() }
            try await server.run()
        }
        var registering: Task<Void, Never>?
        var registrations: [Registration] = []
        let listener = await listeners.first { _ in true }
        if let listener {
            let port = listener.localAddress?.port ?? 0
            registrations = self.registrations(port, handlers, http)
            registering = Self.keepRegistered(registrations)
            await onBound(port)
            await Self.untilStopped(serving)
        }
        registering?.cancel()
        await registering?.value
        await Self.leave(registrations)
        responder.drain()
        await Self.drain(responder, milliseconds: configuration.drainTimeoutMilliseconds)
        await server.triggerGracefulShutdown()
        // What still runs has had its time.
        if responder.runningCount > 0 {
            await Self.closed(listener)
            serving.cancel()
        }
        let result = await serving.result
        try? await http.shutdown()
        do { try result.get() } catch is CancellationError {}
    }

    private static func registrationClient() -> HTTPClient {
        var settings = HTTPClient.Configuration()
        // A redirect would carry the token to wherever it points.
        settings.redirectConfiguration = .disallow
        settings.timeout.connect = .seconds(2)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    private func serverGroup(
        _ responder: IntentResponder, onListening: @escaping @Sendable (any Channel) -> Void
    ) -> ServiceGroup {
        var settings = ServiceGroupConfiguration(
            services: [application(responder, onListening: onListening)], logger: logger)
        // When its end begins every handler is done; only a peer that does not take its answer is still there.
        settings.maximumGracefulShutdownDuration = .seconds(2)
        return ServiceGroup(configuration: settings)
    }

    /// Leaves all gateways at once, also when this task is cancelled.
    private static func leave(_ registrations: [Registration]) async {
        await Task.detached {
            await withTaskGroup(of: Void.self) { group in
                for registration in registrations { group.addTask { await registration.leave() } }
            }
        }.value
    }

    private func registrations(_ port: Int, _ table: HandlerTable, _ http: HTTPClient) -> [Registration] {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let url = configuration.advertisedURL ?? "http://\(host):\(port)/execute-agent"
        return configuration.gateways.map {
            Registration(gateway: $0, configuration, url: url, table: table, http: http, logger: logger)
        }
    }

    private static func keepRegistered(_ registrations: [Registration]) -> Task<Void, Never> {
        Task {
            await withTaskGroup(of: Void.self) { group in
                for registration in registrations { group.addTask { await registration.run() } }
            }
        }
    }

    /// Returns when this task is cancelled, its service group shuts down, or the server has ended.
    private static func untilStopped(_ serving: Task<Void, any Error>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gracefulShutdown() }
            group.addTask { await end(of: serving) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the server has ended, or when this task is cancelled, which leaves the server running.
    private static func end(of serving: Task<Void, any Error>) async {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            _ = await serving.result
            end.finish()
        }
        for await _ in ended {}
    }

    /// Returns when the listener has ended and its server knows: cancelled before, the server would call it a fault.
    private static func closed(_ listener: (any Channel)?) async {
        guard let listener else { return }
        try? await listener.closeFuture.get()
        // The server is told behind the future, in the same turn of the loop or the next.
        try? await listener.eventLoop.submit {}.get()
    }

    private static func drain(_ responder: IntentResponder, milliseconds: Int64) async {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        while responder.runningCount > 0, ContinuousClock.now < deadline {
            // Not cancelled with the worker's task: running requests keep their time.
            await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
    }

    private func application(
        _ responder: IntentResponder, onListening: @escaping @Sendable (any Channel) -> Void
    ) -> some ApplicationProtocol {
        let router = Router()
        let bodyBytesMax = configuration.bodyBytesMax
        for path in ["/execute-agent", "/intent", "/"] {
            router.post(RouterPath(path)) { request, _ in
                await Self.answer(request, responder, bodyBytesMax)
            }
        }
        router.get("/health") { _, _ in
            let isDraining = responder.isDraining
            return Self.json(
                Array(#"{"status":"\#(isDraining ? "draining" : "healthy")"}"#.utf8),
                status: isDraining ? .serviceUnavailable : .ok)
        }
        return Application(
            router: router,
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "intentus-worker"),
            onServerRunning: { onListening($0) }, logger: logger)
    }

    private static func answer(_ request: Request, _ responder: IntentResponder, _ bytesMax: Int) async -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bytesMax)
        } catch {
            var bytes: [UInt8] = []
            AgentResponse.failure(IntentError(.payloadTooLarge, "the body is larger than \(bytesMax) bytes"))
                .appendFrame(to: &bytes)
            return json(bytes, status: .contentTooLarge)
        }
        let milliseconds = HTTPField.Name("x-intentus-timeout-ms").flatMap { request.headers[$0] }.flatMap { Int64($0) }
        return json(await responder.answer(Array(body.readableBytesView), timeoutMilliseconds: milliseconds))
    }

    private static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
