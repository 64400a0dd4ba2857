import GatewayHTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A live listener whose handler is a closure.
final class TestServer: Sendable {
    typealias Behaviour = @Sendable (HTTPRequest, HTTPConnection) async -> HTTPAnswer

    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    static let routes = RouteTable([
        .init("/api/v1/intent", [.post]), .init("/api/v1/agents", [.get, .post]),
        .init("/api/v1/agents/{name}/instances/{id}", [.put, .delete]),
    ])

    let server: HTTPServer<ClosureHandler>
    let handled: Counter

    private init(_ server: HTTPServer<ClosureHandler>, _ handled: Counter) {
        self.server = server
        self.handled = handled
    }

    /// Runs a listener for the time of the body, then ends it; its gauges have to come back to zero every time.
    static func run(
        limits: HTTPLimits = HTTPLimits(), tls: ListenerTLS? = nil, answering behaviour: @escaping Behaviour = echo,
        during body: (TestServer) async throws -> Void
    ) async throws {
        let handled = Counter()
        let server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, group: group, routes: routes, limits: limits, tls: tls
        ) { _ in ClosureHandler(behaviour: behaviour, handled: handled) }
        let running = TestServer(server, handled)
        do {
            try await body(running)
        } catch {
            await server.drain(withinMilliseconds: 0)
            throw error
        }
        await server.drain(withinMilliseconds: 0)
        #expect(await eventually { server.gauges.openConnections == 0 && server.gauges.requestsInFlight == 0 })
    }

    /// Answers with the body that came.
    static let echo: Behaviour = { request, _ in HTTPAnswer(status: 200, body: request.body) }

    func connect(timeoutMilliseconds: Int = 10_000, receiveBufferBytes: Int32? = nil) throws -> RawSocket {
        try RawSocket(
            port: server.port, timeoutMilliseconds: timeoutMilliseconds, receiveBufferBytes: receiveBufferBytes)
    }

    /// Sends the bytes over a connection of their own and reads its first answer.
    func answer(to text: String) throws -> HTTPMessageReader.Message? {
        let socket = try connect()
        try socket.send(text)
        return try HTTPMessageReader(socket).next()
    }

    func status(of text: String) throws -> Int? { try answer(to: text)?.status }

    func body(of text: String) throws -> String? { try answer(to: text)?.body }

    func refusals(_ reason: HTTPRefusal.Reason) -> Int { server.gauges.refusalCounts[reason] ?? 0 }
}

/// Answers by a closure, and refusals by their reason.
struct ClosureHandler: HTTPHandler {
    let behaviour: TestServer.Behaviour
    let handled: Counter

    func accept(_ connection: HTTPConnection) -> HTTPConnection { connection }

    func handle(_ request: consuming HTTPRequest, on connection: HTTPConnection) async -> HTTPAnswer {
        handled.add()
        return await behaviour(request, connection)
    }

    func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
        let allow = refusal.allow.map { Array("allow: \($0)\r\n".utf8) } ?? []
        return HTTPAnswer(
            status: refusal.reason.status, headerLines: allow,
            body: Array("\(refusal.reason.rawValue) route=\(route.map(String.init) ?? "none")".utf8))
    }
}

final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }
    func add() { number.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}

/// Asks until the condition holds; false when it does not within the time.
func eventually(withinSeconds: Double = 10, _ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(withinSeconds)
    while ContinuousClock.now < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return await condition()
}
