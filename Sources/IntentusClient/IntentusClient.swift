import AsyncHTTPClient
import Foundation
public import IntentProtocol
import NIOCore
import NIOHTTP1
import NIOPosix

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
    }

    /// Limits and habits of a client.
    public struct Configuration: Sendable {
        /// The time an intent has, all attempts together, unless the call says otherwise.
        public var timeoutMilliseconds: Int64 = 30_000
        /// The longest answer that is read.
        public var responseBytesMax = 4 << 20
        /// When a request is repeated.
        public var retry = RetryPolicy()
        /// Who the envelope says is asking; unverified, the token tells the gateway who really is.
        public var sourceAgent = "client"

        /// The defaults above.
        public init() {}
    }

    private let url: String
    private let token: TokenProvider?
    private let configuration: Configuration
    private let http: HTTPClient
    private let around: Surroundings

    /// Makes a client; ``shutdown()`` ends it.
    ///
    /// - Parameters:
    ///   - gateway: `http://host:port`, without a path.
    ///   - token: where the bearer token comes from; nil sends none.
    public convenience init(
        gateway: String, token: TokenProvider?, configuration: Configuration = Configuration()
    ) {
        self.init(gateway: gateway, token: token, configuration: configuration, around: Surroundings())
    }

    init(gateway: String, token: TokenProvider?, configuration: Configuration, around: Surroundings) {
        var base = gateway
        while base.hasSuffix("/") { base.removeLast() }
        url = base + "/api/v1/intent"
        self.token = token
        self.configuration = configuration
        self.around = around
        var settings = HTTPClient.Configuration()
        // A redirect would carry the token to wherever it points.
        settings.redirectConfiguration = .disallow
        settings.timeout.connect = .seconds(2)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    /// Closes the client's connections; running calls fail.
    public func shutdown() async throws {
        try await http.shutdown()
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
        return draft
    }

    /// Sends an envelope and gives the answer as it came, errors of workers included.
    ///
    /// - Throws: `IntentError` for what kept an answer from coming: TRANSPORT_ERROR, AGENT_TIMEOUT.
    public func send(
        _ draft: EnvelopeDraft, timeoutMilliseconds: Int64? = nil, isIdempotent: Bool = false
    ) async throws -> AgentResponse {
        let deadline = around.now().advanced(
            by: .milliseconds(timeoutMilliseconds ?? configuration.timeoutMilliseconds))
        var attempt = 1
        while true {
            let (result, outcome) = try await self.attempt(draft, deadline: deadline)
            guard attempt < configuration.retry.attemptsMax, outcome.maySendAgain(isIdempotent: isIdempotent) else {
                return try result.get()
            }
            var wait = configuration.retry.backOffMilliseconds(attempt: attempt, jitter: around.jitter())
            if case .refused(let milliseconds?) = outcome { wait = max(wait, milliseconds) }
            // A wait that ends behind the deadline is not begun: the answer at hand is the better one.
            guard around.now().advanced(by: .milliseconds(wait)) < deadline else { return try result.get() }
            try await around.sleep(.milliseconds(wait))
            attempt += 1
        }
    }

    private typealias Attempt = (Result<AgentResponse, IntentError>, AttemptOutcome)

    private func attempt(_ draft: EnvelopeDraft, deadline: ContinuousClock.Instant) async throws -> Attempt {
        let remaining = around.now().duration(to: deadline)
        guard remaining > .zero else { return (.failure(.localTimeout), .final) }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "x-intentus-timeout-ms", value: "\(max(1, min(remaining.milliseconds, 9_999_999)))")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(try await token.token())") }
        if let parent = Self.traceparent(draft.traceId) { request.headers.add(name: "traceparent", value: parent) }
        request.body = .bytes(ByteBuffer(bytes: draft.encodedFrame()))
        do {
            let response = try await http.execute(request, timeout: .milliseconds(max(1, remaining.milliseconds)))
            let body = try await response.body.collect(upTo: configuration.responseBytesMax)
            return Self.read(Array(body.readableBytesView), Int(response.status.code), response.headers)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            return Self.failure(error)
        }
    }

    /// An answer of the gateway: its status tells where the request ended, its body why.
    private static func read(_ body: [UInt8], _ status: Int, _ headers: HTTPHeaders) -> Attempt {
        // The gateway tells real statuses and puts the error into the body all the same.
        let isRedirect = (300..<400).contains(status)
        let reply = AgentReply(parsing: body, httpStatus: isRedirect ? status : 200)
        let response = reply.response()
        guard let error = response.error else { return (.success(response), .final) }
        let seconds = headers.first(name: "retry-after").flatMap { Int64($0) }
        let milliseconds = error.details["retryAfterMs"]?.intValue ?? seconds.map { $0 * 1000 }
        switch status {
        case 429: return (.success(response), error.retryable ? .refused(retryAfterMilliseconds: milliseconds) : .final)
        case 503 where error.code == .agentUnavailable:
            return (.success(response), .refused(retryAfterMilliseconds: milliseconds))
        case 502, 504: return (.success(response), error.retryable ? .uncertain : .final)
        default: return (.success(response), .final)
        }
    }

    private static func failure(_ error: any Error) -> Attempt {
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?: return (.failure(.localTimeout), .uncertain)
        case .connectTimeout?, .getConnectionFromPoolTimeout?:
            return (.failure(.unreachable), .notSent)
        default: break
        }
        // Whatever went wrong before a connection stood is of NIO's connecting part.
        let isConnecting = error is NIOConnectionError || error is IOError
        return (.failure(isConnecting ? .unreachable : .lost), isConnecting ? .notSent : .uncertain)
    }

    private static func traceparent(_ traceId: String?) -> String? {
        guard let traceId, traceId.wholeMatch(of: #/[0-9a-f]{32}/#) != nil, traceId.contains(where: { $0 != "0" }) else {
            return nil
        }
        let span = UInt64.random(in: 1 ... .max)
        let hex = String(span, radix: 16)
        return "00-\(traceId)-\(String(repeating: "0", count: 16 - hex.count))\(hex)-01"
    }
}

extension IntentError {
    fileprivate static var localTimeout: IntentError { IntentError(.agentTimeout, "no answer came in time") }
    fileprivate static var unreachable: IntentError { IntentError(.transportError, "the gateway cannot be reached") }
    fileprivate static var lost: IntentError {
        IntentError(.transportError, "the connection to the gateway was lost before an answer came")
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
