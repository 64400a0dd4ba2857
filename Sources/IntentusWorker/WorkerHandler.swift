import Foundation
import GatewayHTTP
import IntentProtocol
import IntentusClient
import Traces

/// Answers what comes to a worker's listener: intents on three paths, and its health on a fourth.
struct WorkerHandler: HTTPHandler {
    private static let paths = ["/execute-agent", "/intent", "/"]
    static let routes = RouteTable(paths.map { .init($0, [.post]) } + [.init("/health", [.get])])
    private static let healthIndex = 3

    let responder: IntentResponder
    var traces: IntentTraces?
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
        let trace = request.traceparent.flatMap { TraceParent($0) }.map {
            IntentTrace($0, tracestate: request.tracestate, baggage: request.baggage)
        }
        let path = Self.paths[request.route.index]
        guard let traces, var span = traces.begin(below: trace?.place, named: "POST \(path)", .server) else {
            let (frame, _) = await IntentTrace.$current.withValue(trace) {
                await responder.answer(body, timeoutMilliseconds: milliseconds)
            }
            return HTTPAnswer(status: 200, body: frame)
        }
        let place = TraceParent(traceId: span.traceId, spanId: span.spanId, isSampled: true)
        let inside = trace?.at(place) ?? IntentTrace(place, tracestate: nil, baggage: nil)
        let (frame, facts) = await IntentTrace.$current.withValue(inside) {
            await responder.answer(body, timeoutMilliseconds: milliseconds)
        }
        span.traceState = inside.tracestate ?? ""
        span.attributes = [
            SpanAttribute("http.request.method", "POST"), SpanAttribute("url.path", path),
            SpanAttribute("http.route", path), SpanAttribute("http.response.status_code", 200),
            SpanAttribute("intentusnet.agent.name", responder.agentName),
        ]
        if let intent = facts.intent { span.attributes.append(SpanAttribute("intentusnet.intent.name", intent)) }
        if let error = facts.error {
            span.attributes.append(SpanAttribute("error.type", error.rawValue))
            // What a caller did wrong is no error of the one who says so.
            span.isFaulty = error.httpStatus >= 500
        }
        traces.finish(span)
        return HTTPAnswer(status: 200, body: frame)
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
