import Foundation
import GatewayHTTP
import IntentProtocol
import Machine

/// One request to a gateway and what came of it.
struct GatewayExchange: Sendable {
    /// What a caller is given, and whether another attempt is safe.
    typealias Attempt = (Result<AgentResponse, IntentError>, AttemptOutcome)

    /// The longest time a request is given, 2 h 46 min: the header holds seven digits.
    private static let millisecondsMax: Int64 = 9_999_999

    /// Nil when the text is no address.
    private let address: GatewayAddress?
    private let token: TokenProvider?
    private let node: NodeCredentials?
    private let sealer: EnvelopeSealer?
    private let responseBytesMax: Int
    private let connections: GatewayConnections

    init(
        gateway: String, token: TokenProvider?, tls: GatewayTLS, configuration: IntentusClient.Configuration
    ) throws(TLSFault) {
        let connections = try GatewayConnections(tls, limits: configuration.limits)
        self.init(gateway: gateway, token: token, connections, configuration)
    }

    /// By https the system's authorities are trusted.
    init(gateway: String, token: TokenProvider?, configuration: IntentusClient.Configuration) {
        let isTLS = GatewayAddress(gateway)?.isTLS == true
        let connections = GatewayConnections(isTLS: isTLS, limits: configuration.limits)
        self.init(gateway: gateway, token: token, connections, configuration)
    }

    private init(
        gateway: String, token: TokenProvider?, _ connections: GatewayConnections,
        _ configuration: IntentusClient.Configuration
    ) {
        address = GatewayAddress(gateway)
        self.token = token
        node = configuration.node
        sealer = configuration.sealing.map { EnvelopeSealer($0) }
        responseBytesMax = configuration.responseBytesMax
        self.connections = connections
    }

    /// For spans.
    var serverAddress: (host: String, port: Int) { (address?.host ?? "", address?.port ?? 0) }

    func shutdown() async {
        await connections.shutDown()
    }

    /// Sends a draft once.
    ///
    /// - Parameters:
    ///   - remaining: what is left of the caller's time, for head and body of the answer together.
    ///   - unixSeconds: what a node signature says; another one for each attempt, for a gateway takes each signature once.
    ///   - trace: what the gateway is told of the trace; nil tells it nothing.
    func attempt(_ draft: EnvelopeDraft, _ trace: IntentTrace?, remaining: Duration, unixSeconds: Int64) async throws
        -> Attempt
    {
        guard remaining > .zero else { return (.failure(.localTimeout), .final) }
        guard let address else {
            return (.failure(IntentError(.transportError, "the gateway's address is no URL", retryable: false)), .final)
        }
        guard !connections.hasEnded else {
            return (.failure(IntentError(.transportError, "the client was shut down", retryable: false)), .final)
        }
        let milliseconds = min(max(1, remaining.milliseconds), Self.millisecondsMax)
        do {
            return GatewayAnswer.read(
                try await exchange(address, draft, trace, unixSeconds: unixSeconds, milliseconds: milliseconds))
        } catch let failure as UpstreamFailure {
            try Task.checkCancellation()
            return try self.failure(failure)
        }
    }

    /// Token and whole answer within their time.
    private func exchange(
        _ address: GatewayAddress, _ draft: EnvelopeDraft, _ trace: IntentTrace?, unixSeconds: Int64,
        milliseconds: Int64
    ) async throws -> GatewayAnswer {
        try await withThrowingTaskGroup(of: GatewayAnswer?.self) { group in
            group.addTask {
                try await answer(address, draft, trace, unixSeconds: unixSeconds, milliseconds: milliseconds)
            }
            group.addTask {
                try await Task.sleep(for: .milliseconds(milliseconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw UpstreamFailure.timedOut }
            return answer
        }
    }

    private func answer(
        _ address: GatewayAddress, _ draft: EnvelopeDraft, _ trace: IntentTrace?, unixSeconds: Int64,
        milliseconds: Int64
    ) async throws -> GatewayAnswer {
        let bearer = try await token?.bearer()
        // A token that came too late sends nothing.
        try Task.checkCancellation()
        let sealed = try sealer?.seal(draft, token: bearer, unixMilliseconds: MachineClock.unixMilliseconds())
        let body = sealed?.frame ?? draft.encodedFrame()
        var lines = Array("x-intentus-timeout-ms: \(milliseconds)\r\n".utf8)
        if let trace { lines += trace.headerLines }
        if let node {
            guard let signature = node.headerLines(signing: body, unixSeconds: unixSeconds) else {
                throw IntentError(.validationError, "the node id must be 1 to 256 printable bytes without spaces")
            }
            lines += signature
        }
        if let bearer { lines += Array("authorization: Bearer \(bearer)\r\n".utf8) }
        let answer = try await connections.call(
            address, .post, "/api/v1/intent", body: body, headerLines: lines, withinMilliseconds: milliseconds)
        let told = GatewayAnswer(status: answer.status, retryAfter: answer.retryAfter, body: answer.body)
        return try sealed?.open(told, unixMilliseconds: MachineClock.unixMilliseconds()) ?? told
    }

    private func failure(_ failure: UpstreamFailure) throws -> Attempt {
        switch failure {
        case .connectFailed, .overloaded: return (.failure(.unreachable), .notSent)
        // Whether the gateway has it is not known, and nobody has time for another attempt.
        case .timedOut: return (.failure(.localTimeout), .uncertain(retryAfterMilliseconds: nil))
        case .connectionLost, .badResponse: return (.failure(.lost), .uncertain(retryAfterMilliseconds: nil))
        case .responseTooLarge:
            let message = "the gateway's answer is larger than \(responseBytesMax) bytes"
            return (.failure(IntentError(.transportError, message, retryable: false)), .final)
        case .cancelled: throw CancellationError()
        }
    }
}

extension TokenProvider {
    /// The token itself; what went wrong inside a provider may hold secrets and is not repeated.
    fileprivate func bearer() async throws -> String {
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
        return text
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

extension IntentusClient.Configuration {
    fileprivate var limits: UpstreamLimits {
        var limits = UpstreamLimits()
        limits.connectTimeoutMilliseconds = 2_000
        limits.connectionsPerAddressMax = max(1, connectionsMax)
        // A call waits for as long as it has time; its caller bounds how many there are.
        limits.waitersPerAddressMax = .max
        limits.bodyBytesMax = responseBytesMax
        // Shorter than a gateway's, so that no request starts on a connection that the gateway is closing.
        limits.idleTimeoutMilliseconds = 30_000
        return limits
    }
}
