import Foundation
public import IntentProtocol
import Traces

/// Calls intents through a gateway.
///
/// ```swift
/// let client = IntentusClient(gateway: "http://gateway:8080", token: .fixed(token))
/// let summary = try await client.call("SummarizeIntent", payload: Text(text: "…"), as: Summary.self)
/// ```
///
/// Errors are ``IntentProtocol/IntentError`` with the wire's codes, whether a worker, the gateway or the way there failed.
public final class IntentusClient: Sendable {
    /// What the client takes from the world; tests put their own in.
    struct Surroundings: Sendable {
        var now: @Sendable () -> ContinuousClock.Instant = { .now }
        var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        var jitter: @Sendable () -> Double = { Double.random(in: 0...1) }
        var unixSeconds: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    }

    /// Limits and habits of a client.
    public struct Configuration: Sendable {
        /// The time an intent has, all attempts together, unless the call says otherwise.
        public var timeoutMilliseconds: Int64 = 30_000
        /// The longest answer that is read.
        public var responseBytesMax = 4 << 20
        /// Connections at the same time; further calls wait for one to be free.
        public var connectionsMax = 256
        /// When a request is repeated.
        public var retry = RetryPolicy()
        /// Who the envelope says is asking; unverified, the token tells the gateway who really is.
        public var sourceAgent = "client"
        /// Signs each request as a node of the mesh; nil signs none.
        public var node: NodeCredentials?
        /// Seals each envelope (EMCL) and takes results sealed alone; nil sends in clear.
        public var sealing: EnvelopeSealing?
        /// Where spans of calls go; nil keeps none, and passes on the place that the task is at.
        public var traces: IntentTraces?

        /// The defaults above.
        public init() {}
    }

    private let configuration: Configuration
    private let exchange: GatewayExchange
    private let around: Surroundings

    /// Makes a client; ``shutdown()`` ends it.
    ///
    /// - Parameters:
    ///   - gateway: `https://host:port` or `http://host:port`, without a path.
    ///   - token: where the bearer token comes from; nil sends none.
    ///   - tls: how https is spoken.
    /// - Throws: ``TLSFault`` when a file or the gateway's principal cannot be used.
    public convenience init(
        gateway: String, token: TokenProvider?, tls: GatewayTLS, configuration: Configuration = Configuration()
    ) throws {
        try self.init(gateway: gateway, token: token, tls: tls, configuration: configuration, around: Surroundings())
    }

    /// Makes a client; ``shutdown()`` ends it.
    ///
    /// - Parameters:
    ///   - gateway: `http://host:port`, without a path; by https it is trusted as the system's authorities say.
    ///   - token: where the bearer token comes from; nil sends none.
    public convenience init(
        gateway: String, token: TokenProvider?, configuration: Configuration = Configuration()
    ) {
        self.init(gateway: gateway, token: token, configuration: configuration, around: Surroundings())
    }

    convenience init(gateway: String, token: TokenProvider?, configuration: Configuration, around: Surroundings) {
        self.init(
            GatewayExchange(gateway: gateway, token: token, configuration: configuration), configuration, around)
    }

    convenience init(
        gateway: String, token: TokenProvider?, tls: GatewayTLS, configuration: Configuration, around: Surroundings
    ) throws(TLSFault) {
        self.init(
            try GatewayExchange(gateway: gateway, token: token, tls: tls, configuration: configuration), configuration,
            around)
    }

    private init(_ exchange: GatewayExchange, _ configuration: Configuration, _ around: Surroundings) {
        self.configuration = configuration
        self.around = around
        self.exchange = exchange
    }

    /// Closes the client's connections; running calls fail.
    public func shutdown() async throws {
        await exchange.shutdown()
    }

    /// Calls an intent with a value and reads the result as a value.
    ///
    /// - Parameters:
    ///   - payload: anything that encodes to a JSON object.
    ///   - timeoutMilliseconds: all attempts together; nil takes the configuration's.
    /// - Throws: `IntentError`; VALIDATION_ERROR also when payload or result are not of the stated types.
    public func call<Payload: Encodable, Result: Decodable>(
        _ intent: String, version: String = "1.0", payload: Payload, as type: Result.Type = Result.self,
        timeoutMilliseconds: Int64? = nil, options: IntentOptions = IntentOptions()
    ) async throws -> Result {
        let encoded: JSONText
        do {
            encoded = try JSONText(validating: Array(JSONEncoder().encode(payload)))
        } catch {
            throw IntentError(.validationError, "the payload cannot be encoded: \(error)")
        }
        let draft = draft(intent, version, encoded, options)
        let response = try await send(
            draft, timeoutMilliseconds: timeoutMilliseconds, isIdempotent: options.isIdempotent)
        if let error = response.error { throw error }
        do {
            return try JSONDecoder().decode(Result.self, from: Data((response.payload ?? .null).encoded))
        } catch {
            throw IntentError(.validationError, "the result is not what was expected: \(error)")
        }
    }

    /// An envelope with fresh identifiers and times.
    public func draft(
        _ intent: String, _ version: String, _ payload: JSONText, _ options: IntentOptions
    ) -> EnvelopeDraft {
        let now = Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
        var draft = EnvelopeDraft(
            intentName: intent, payload: payload, requestId: UUID().uuidString.lowercased(), timestamp: now + "Z",
            traceId: options.traceId)
        draft.intentVersion = version
        draft.sourceAgent = configuration.sourceAgent
        draft.strategy = options.strategy
        draft.targetAgent = options.targetAgent
        draft.priority = options.priority
        draft.tags = options.tags
        draft.fallbackAgents = options.fallbackAgents
        return draft
    }

    /// Sends an envelope and gives the answer as it came, errors of workers included.
    ///
    /// - Throws: `IntentError` for what kept an answer from coming: TRANSPORT_ERROR, AGENT_TIMEOUT, or UNAUTHORIZED when
    ///   the token provider has no token; `CancellationError` when the task is cancelled.
    public func send(
        _ draft: EnvelopeDraft, timeoutMilliseconds: Int64? = nil, isIdempotent: Bool = false
    ) async throws -> AgentResponse {
        let parent = ChosenTrace.parent(traceId: draft.traceId) ?? IntentTrace.current?.place
        // A trace that the caller has named itself begins with our span: nobody else has one yet.
        guard let traces = configuration.traces,
            var span = traces.begin(below: parent, named: draft.intentName, .client)
        else {
            // A trace that begins here and is not kept is told as such, or everybody behind would decide anew.
            let place = parent ?? (configuration.traces == nil ? nil : .unkept)
            return try await attempts(draft, place, timeoutMilliseconds, isIdempotent).response
        }
        if draft.traceId != nil { span.parentSpanId = nil }
        let place = TraceParent(traceId: span.traceId, spanId: span.spanId, isSampled: true)
        span.attributes = [
            SpanAttribute("http.request.method", "POST"), SpanAttribute("url.path", "/api/v1/intent"),
            SpanAttribute("server.address", exchange.serverAddress.host),
            SpanAttribute("server.port", exchange.serverAddress.port),
            SpanAttribute("intentusnet.intent.name", draft.intentName),
            SpanAttribute("intentusnet.intent.version", draft.intentVersion),
            SpanAttribute("intentusnet.request.id", draft.requestId),
        ]
        do {
            let (response, count) = try await attempts(draft, place, timeoutMilliseconds, isIdempotent)
            if count > 1 { span.attributes.append(SpanAttribute("http.request.resend_count", count - 1)) }
            if let error = response.error { span.fail(error.code.rawValue) }
            traces.finish(span)
            return response
        } catch {
            span.fail((error as? IntentError)?.code.rawValue ?? "cancelled")
            traces.finish(span)
            throw error
        }
    }

    private func attempts(
        _ draft: EnvelopeDraft, _ place: TraceParent?, _ timeoutMilliseconds: Int64?, _ isIdempotent: Bool
    ) async throws -> (response: AgentResponse, count: Int) {
        let trace = place.map { place in
            IntentTrace.current?.at(place) ?? IntentTrace(place, tracestate: nil, baggage: nil)
        }
        let deadline = around.now().advanced(
            by: .milliseconds(timeoutMilliseconds ?? configuration.timeoutMilliseconds))
        var attempt = 1
        var signedSeconds: Int64 = 0
        while true {
            let remaining = around.now().duration(to: deadline)
            signedSeconds = max(around.unixSeconds(), signedSeconds + 1)
            let (result, outcome) = try await exchange.attempt(
                draft, trace, remaining: remaining, unixSeconds: signedSeconds)
            guard attempt < configuration.retry.attemptsMax, outcome.maySendAgain(isIdempotent: isIdempotent) else {
                return (try result.get(), attempt)
            }
            var wait = configuration.retry.backOffMilliseconds(attempt: attempt, jitter: around.jitter())
            if let milliseconds = outcome.retryAfterMilliseconds { wait = max(wait, milliseconds) }
            // A wait that ends behind the deadline is not begun: the answer at hand is the better one.
            guard around.now().advanced(by: .milliseconds(wait)) < deadline else { return (try result.get(), attempt) }
            try await around.sleep(.milliseconds(wait))
            attempt += 1
        }
    }
}
