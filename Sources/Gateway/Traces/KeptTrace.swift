import IntentProtocol
import Routing
import Synchronization
import Traces

/// What is noted of a request whose spans are kept: its stages, and the calls of workers that it makes.
///
/// Several calls may be under way at once, on one event loop; the lock is for those.
final class KeptTrace: Sendable {
    /// A call that has begun.
    struct Call: Sendable {
        let spanId: SpanId
        let startNanoseconds: Int64
        /// `traceparent` for the worker, as a complete header line.
        let headerLine: [UInt8]
    }

    private struct State {
        var traceId: TraceId
        var stages: [(stage: RequestStage, nanoseconds: Int64)] = []
        var calls: [Span] = []
        /// Whom they were made to, in the same order.
        var agents: [String] = []
    }

    /// Of one request; a plan of more calls than this does not come about.
    private static let callsMax = 64

    let spanId: SpanId
    /// The caller's `tracestate`, where it has the form of one.
    private let traceState: String
    private let parent: TraceParent?
    /// What turns a monotonic time into nanoseconds since the Unix epoch, for this request.
    private let epoch: Int64
    private let startUnixNanoseconds: Int64
    private let state: Mutex<State>

    /// - Parameter startNanoseconds: when the request arrived, by both clocks.
    init(
        parent: TraceParent?, spanId: SpanId, traceId: TraceId, traceState: String,
        startNanoseconds: (monotonic: Int64, unix: Int64)
    ) {
        self.parent = parent
        self.spanId = spanId
        self.traceState = traceState
        epoch = startNanoseconds.unix - startNanoseconds.monotonic
        startUnixNanoseconds = startNanoseconds.unix
        state = Mutex(State(traceId: traceId))
    }

    var traceId: TraceId { state.withLock { $0.traceId } }

    /// Takes another id for a trace that begins here, before anybody was told of the first.
    func adopt(_ traceId: TraceId) { state.withLock { $0.traceId = traceId } }

    func enter(_ stage: RequestStage, at nanoseconds: Int64) {
        state.withLock { $0.stages.append((stage, nanoseconds)) }
    }

    func beginCall(_ around: some Surroundings) -> Call {
        let spanId = SpanId(random: around.randomBits())
        var line: [UInt8] = []
        line.reserveCapacity(72)
        line.append(literal: "traceparent: ")
        let isRandom = parent?.isRandom ?? true
        TraceParent(traceId: traceId, spanId: spanId, isSampled: true, isRandom: isRandom).append(to: &line)
        line.append(literal: "\r\n")
        return Call(spanId: spanId, startNanoseconds: around.monotonicNanoseconds(), headerLine: line)
    }

    /// Notes what came of a call: the status of an HTTP answer, or why there was none.
    func endCall(
        _ call: Call?, of agent: AgentRecord, _ instance: AgentInstance, _ result: Result<Int, WorkerFailure>,
        _ around: some Surroundings
    ) {
        guard let call else { return }
        let end = around.monotonicNanoseconds()
        var span = Span(
            traceId: traceId, spanId: call.spanId, parentSpanId: spanId, name: "POST", kind: .client,
            startUnixNanoseconds: epoch + call.startNanoseconds, endUnixNanoseconds: epoch + end)
        span.traceState = traceState
        let url = instance.url
        span.attributes = [
            SpanAttribute("http.request.method", "POST"), SpanAttribute("url.full", url.text),
            SpanAttribute("server.address", url.host), SpanAttribute("server.port", url.port),
            SpanAttribute("intentusnet.agent.name", agent.name), SpanAttribute("intentusnet.instance.id", instance.id),
        ]
        var error: String?
        switch result {
        case .success(let status):
            span.attributes.append(SpanAttribute("http.response.status_code", status))
            if status >= 400 { error = "\(status)" }
        case .failure(let failure): error = failure.word
        }
        span.isFaulty = error != nil
        if let error { span.attributes.append(SpanAttribute("error.type", error)) }
        state.withLock { state in
            guard state.calls.count < Self.callsMax else { return }
            let former = state.agents.count { $0 == agent.name }
            if former > 0 { span.attributes.append(SpanAttribute("http.request.resend_count", former)) }
            state.calls.append(span)
            state.agents.append(agent.name)
        }
    }

    /// The span of the request and those of its calls, the request being over.
    func spans(endNanoseconds: Int64, attributes: [SpanAttribute], path: String, isFaulty: Bool) -> [Span] {
        let state = state.withLock { $0 }
        var span = Span(
            traceId: state.traceId, spanId: spanId, parentSpanId: parent?.spanId, name: "POST \(path)", kind: .server,
            startUnixNanoseconds: startUnixNanoseconds, endUnixNanoseconds: epoch + endNanoseconds)
        span.attributes = attributes
        span.traceState = traceState
        span.isFaulty = isFaulty
        for (place, entry) in state.stages.enumerated() {
            let next = place + 1 < state.stages.count ? state.stages[place + 1].nanoseconds : endNanoseconds
            span.events.append(
                Span.Event(
                    "intentusnet.stage.\(entry.stage.rawValue)", unixNanoseconds: epoch + entry.nanoseconds,
                    attributes: [
                        SpanAttribute("intentusnet.stage.duration_us", Int((next - entry.nanoseconds) / 1_000))
                    ]))
        }
        return [span] + state.calls
    }
}

extension WorkerFailure {
    /// A stable word for `error.type`.
    fileprivate var word: String {
        switch self {
        case .connectFailed: "connect_failed"
        case .overloaded: "pool_exhausted"
        case .timedOut: "timeout"
        case .connectionLost: "connection_lost"
        case .badResponse: "bad_response"
        case .responseTooLarge: "response_too_large"
        case .cancelled: "cancelled"
        }
    }
}
