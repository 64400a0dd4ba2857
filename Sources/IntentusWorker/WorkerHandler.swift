import Foundation
import GatewayHTTP
import IntentProtocol

/// Answers what comes to a worker's listener: intents on three paths, and its health on a fourth.
struct WorkerHandler: HTTPHandler {
    static let routes = RouteTable(
        ["/execute-agent", "/intent", "/"].map { .init($0, [.post]) } + [.init("/health", [.get])])
    private static let healthIndex = 3

    let responder: IntentResponder
    /// The wall clock.
    var unixSeconds: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }

    /// The Unix second in which the caller's certificates are over.
    func accept(_ connection: HTTPConnection) -> Int64 { connection.security?.certificateEndSeconds ?? .max }

    func handle(_ request: consuming HTTPRequest, on endSeconds: Int64) async -> HTTPAnswer {
        guard request.route.index != Self.healthIndex else { return health() }
        // Connections live for days, and certificates for hours.
        guard unixSeconds() < endSeconds else { return expired() }
        let milliseconds = request.timeoutMilliseconds.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        let body = request.body
        return HTTPAnswer(
            status: 200, body: await responder.answer(body, timeoutMilliseconds: milliseconds))
    }

    func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
        let code: ErrorCode =
            switch refusal.reason {
            case .bodyTooLarge: .payloadTooLarge
            case .draining, .overloaded: .agentUnavailable
            case .badRequest, .notFound, .methodNotAllowed, .timeout, .unsupportedEncoding, .expectationFailed,
                .headTooLarge, .notImplemented, .versionNotSupported:
                .protocolError
            }
        var bytes: [UInt8] = []
        AgentResponse.failure(IntentError(code, refusal.message)).appendFrame(to: &bytes)
        let allow = refusal.allow.map { Array("allow: \($0)\r\n".utf8) } ?? []
        return HTTPAnswer(status: refusal.reason.status, headerLines: allow, body: bytes)
    }

    private func expired() -> HTTPAnswer {
        var bytes: [UInt8] = []
        AgentResponse.failure(IntentError(.unauthorized, "the caller's certificate has expired")).appendFrame(
            to: &bytes)
        return HTTPAnswer(status: 401, body: bytes)
    }

    private func health() -> HTTPAnswer {
        let isDraining = responder.isDraining
        return HTTPAnswer(
            status: isDraining ? 503 : 200, body: Array(#"{"status":"\#(isDraining ? "draining" : "healthy")"}"#.utf8))
    }
}
