import AsyncHTTPClient
import IntentProtocol
import NIOCore
import NIOHTTP1

/// One request to a gateway and what came of it.
struct GatewayExchange: Sendable {
    /// What a caller is given, and whether another attempt is safe.
    typealias Attempt = (Result<AgentResponse, IntentError>, AttemptOutcome)

    /// The longest time a request is given, 2 h 46 min: the header holds seven digits.
    private static let millisecondsMax: Int64 = 9_999_999

    private let url: String
    private let token: TokenProvider?
    private let responseBytesMax: Int
    private let http: HTTPClient

    init(gateway: String, token: TokenProvider?, configuration: IntentusClient.Configuration) {
        var base = gateway
        while base.hasSuffix("/") { base.removeLast() }
        url = base + "/api/v1/intent"
        self.token = token
        responseBytesMax = configuration.responseBytesMax
        var settings = HTTPClient.Configuration()
        // A redirect would carry the token to wherever it points.
        settings.redirectConfiguration = .disallow
        settings.timeout.connect = .seconds(2)
        // The retry policy alone decides how often a connection is tried.
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, configuration.connectionsMax)
        // Shorter than a gateway's, so that no request starts on a connection that the gateway is closing.
        settings.connectionPool.idleTimeout = .seconds(30)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    func shutdown() async throws {
        try await http.shutdown()
    }

    /// Sends a draft once.
    ///
    /// - Parameter remaining: what is left of the caller's time, for head and body of the answer together.
    func attempt(_ draft: EnvelopeDraft, remaining: Duration) async throws -> Attempt {
        guard remaining > .zero else { return (.failure(.localTimeout), .final) }
        let milliseconds = min(max(1, remaining.milliseconds), Self.millisecondsMax)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "x-intentus-timeout-ms", value: "\(milliseconds)")
        if let parent = TraceParent.text(traceId: draft.traceId) {
            request.headers.add(name: "traceparent", value: parent)
        }
        let body = WatchedBody(draft.encodedFrame())
        request.body = .stream(body, length: .known(body.byteCount))
        do {
            return GatewayAnswer.read(try await exchange(request, milliseconds: milliseconds))
        } catch let error as IntentError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            return failure(error, mayHaveArrived: body.wasTaken)
        }
    }

    /// Token and whole answer within their time; the HTTP client's own deadline ends with the answer's head.
    private func exchange(_ request: HTTPClientRequest, milliseconds: Int64) async throws -> GatewayAnswer {
        try await withThrowingTaskGroup(of: GatewayAnswer?.self) { group in
            group.addTask {
                var request = request
                if let token { request.headers.add(name: "authorization", value: try await token.authorization()) }
                // A token that came too late sends nothing: the HTTP client may still send for a cancelled task.
                try Task.checkCancellation()
                let response = try await http.execute(request, timeout: .milliseconds(milliseconds))
                let body = try await response.body.collect(upTo: responseBytesMax)
                // A cancelled body ends early without an error.
                try Task.checkCancellation()
                return GatewayAnswer(
                    status: Int(response.status.code), retryAfter: response.headers.first(name: "retry-after"),
                    body: Array(body.readableBytesView))
            }
            group.addTask {
                try await Task.sleep(for: .milliseconds(milliseconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw HTTPClientError.deadlineExceeded }
            return answer
        }
    }

    private func failure(_ error: any Error, mayHaveArrived: Bool) -> Attempt {
        if error is NIOTooManyBytesError {
            let message = "the gateway's answer is larger than \(responseBytesMax) bytes"
            return (.failure(IntentError(.transportError, message, retryable: false)), .final)
        }
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?:
            return (.failure(.localTimeout), mayHaveArrived ? .uncertain(retryAfterMilliseconds: nil) : .notSent)
        case .invalidURL?, .emptyHost?, .emptyScheme?, .missingSocketPath?:
            return (.failure(IntentError(.transportError, "the gateway's address is no URL", retryable: false)), .final)
        case .alreadyShutdown?:
            return (.failure(IntentError(.transportError, "the client was shut down", retryable: false)), .final)
        default:
            return mayHaveArrived
                ? (.failure(.lost), .uncertain(retryAfterMilliseconds: nil)) : (.failure(.unreachable), .notSent)
        }
    }
}

extension TokenProvider {
    /// The header's value; what went wrong inside a provider may hold secrets and is not repeated.
    fileprivate func authorization() async throws -> String {
        let text: String
        do {
            text = try await token()
        } catch let error as IntentError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw IntentError(.unauthorized, "the token provider failed with \(type(of: error))")
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw IntentError(.unauthorized, "the token is empty or holds spaces or line ends")
        }
        return "Bearer \(text)"
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
    fileprivate var milliseconds: Int64 {
        guard components.seconds < 1_000_000_000 else { return 1_000_000_000_000 }
        return components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
