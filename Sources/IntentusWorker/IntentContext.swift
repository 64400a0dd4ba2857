import IntentProtocol
public import IntentusClient
public import Logging
import Synchronization

/// What a handler knows of a request beside its payload.
public struct IntentContext: Sendable {
    /// The caller's name for the request.
    public let requestId: String
    /// The trace that the request belongs to.
    public let traceId: String?
    /// Where in its trace the handler runs; calls through an `IntentusClient` belong there. Nil where the gateway did not say.
    public let trace: IntentTrace?
    /// Who handled the request. First the gateway's entries: `user:<sub>` if a user asks, `service:<principal>` if the call comes from
    /// a service that has proven who it is, and `service:<gateway>`; what follows them is the caller's word.
    public let identityChain: [String]
    /// Agents that handled the envelope before.
    public let decisionPath: [String]
    /// When the gateway stops waiting; nil when it did not say.
    public let deadline: ContinuousClock.Instant?
    /// The worker's secrets: `try await context.secrets["external-api-key"]`.
    public let secrets: IntentSecrets
    /// A logger that carries request and trace id.
    public let logger: Logger
    private let cost = ReportedCost()

    /// Says what the request cost, where a limit of the gateway is settled by it (`rate_limit_settle`); the last word counts.
    ///
    /// - Parameter tokens: in the unit of the rule's `rate_limit_cost`, at least 0.
    public func reportCost(_ tokens: Int) { cost.tokens.withLock { $0 = max(tokens, 0) } }

    var reportedCost: Int? { cost.tokens.withLock { $0 } }

    /// The user whom the gateway verified; nil for an anonymous caller.
    public var caller: String? {
        // Only the first entry is the gateway's word on the user: a later one was written by the caller and may lie.
        guard let first = identityChain.first, first.hasPrefix("user:") else { return nil }
        return String(first.dropFirst("user:".count))
    }

    /// The service that the gateway found the call to come from, `cluster.local/ns/default/sa/front`; nil where nothing has proven
    /// that it is one.
    public var callingService: String? {
        // Behind the user, if there is one, stands either the gateway's own entry or the caller's with the gateway's behind it; a
        // principal has a slash, and a gateway's name has none. What comes later may lie.
        let isForUser = identityChain.first?.hasPrefix("user:") == true
        let entries = identityChain.dropFirst(isForUser ? 1 : 0).prefix(2)
        guard entries.count == 2, entries.allSatisfy({ $0.hasPrefix("service:") }), let first = entries.first,
            let id = try? SPIFFEID(principal: first.dropFirst("service:".count).utf8), !id.isTrustDomain
        else { return nil }
        return id.principal
    }

    init(
        _ envelope: IntentEnvelope, deadline: ContinuousClock.Instant?, secrets: IntentSecrets, logger: Logger
    ) {
        requestId = envelope.requestId
        traceId = envelope.traceId
        trace = IntentTrace.current
        identityChain = envelope.identityChain
        decisionPath = envelope.decisionPath
        self.deadline = deadline
        self.secrets = secrets
        var logger = logger
        logger[metadataKey: "requestId"] = "\(envelope.requestId)"
        logger[metadataKey: "traceId"] = "\(envelope.traceId ?? "")"
        self.logger = logger
    }
}

/// What a handler said that its request cost.
private final class ReportedCost: Sendable {
    let tokens = Mutex<Int?>(nil)
}
