package import IntentProtocol

/// What the gateway remembers of one request, written once when the answer is known.
///
/// No payload, token or secret ever enters a record. Texts that a caller chose (`requestId`, `traceId`, `intent`,
/// `target`) are kept as the bytes between their JSON quotes, still escaped, so that a sink can paste them back
/// between quotes and a newline inside them cannot forge a second record.
package struct AuditRecord: Sendable {
    /// The kinds of event; names are stable and documented.
    package enum Event: String, Sendable, CaseIterable {
        case request
        case peerRefused = "peer_refused"
        case authFailure = "auth_failure"
        case authorizationDeny = "authz_deny"
        case policyDeny = "policy_deny"
        case rateLimited = "rate_limited"
        case agentRegistered = "agent_registered"
        case agentRemoved = "agent_removed"
        case registrationRefused = "registration_refused"
        /// An instance that is registered said that it still lives.
        case agentRenewed = "agent_renewed"
        /// Somebody asked which agents there are.
        case agentsListed = "agents_listed"
        case configReload = "config_reload"
        /// A token or a certificate made a caller of somebody for the first time.
        case authSuccess = "auth_success"
        /// A sealed envelope could not be opened, or was not sealed where it must be.
        case emclFailure = "emcl_failure"
        /// Keys were changed, became active or were put away.
        case keyRotation = "key_rotation"
        /// Somebody who may did something over the admin API, or tried to.
        case adminAction = "admin_action"
        /// The limits began or ended to be counted without the shared store.
        case degradedLimit = "degraded_limit"

        /// Whether a record of this kind is the one record of a request on the data plane.
        package var isOfRequest: Bool {
            switch self {
            case .request, .peerRefused, .authFailure, .authorizationDeny, .policyDeny, .rateLimited, .emclFailure,
                .agentRegistered, .agentRenewed, .agentRemoved, .agentsListed, .registrationRefused:
                true
            case .configReload, .authSuccess, .keyRotation, .adminAction, .degradedLimit: false
            }
        }
    }

    package var event: Event = .request
    /// Nanoseconds since the Unix epoch, when the request was complete at the listener.
    package var timeNanoseconds: Int64 = 0
    /// From the complete request to the answer, in nanoseconds.
    package var latencyNanoseconds: Int64 = 0
    /// The peer's address, `203.0.113.7:51334`.
    package var remoteAddress: String = ""
    /// The client's address behind trusted proxies; nil where that is the peer's.
    package var clientAddress: String?
    /// Escaped JSON text without quotes; empty before the envelope was read.
    package var requestId: ArraySlice<UInt8> = []
    package var traceId: ArraySlice<UInt8> = []
    package var intent: ArraySlice<UInt8> = []
    package var intentVersion: ArraySlice<UInt8> = []
    /// The verified subject; nil when no caller was established.
    package var subject: String?
    package var issuer: String?
    package var tenant: String?
    /// The service that the caller is, and what says so at best; nil where nothing does.
    package var principal: String?
    package var identitySource: String?
    /// Why the peer's identity was not accepted; nil where it was.
    package var peerFault: String?
    /// Why the mesh's policies refused, and which one; nil when they did not.
    package var authorization: String?
    /// AUDIT policies of the mesh that matched.
    package var auditedPolicies: [String] = []
    /// What the mesh's dry-run policies would have decided, where that differs.
    package var dryRun: String?
    /// The agent that answered, or the last one that was tried.
    package var agent: String?
    /// The policy rule that decided, nil for the default.
    package var rule: String?
    /// Rules in shadow mode that would have decided otherwise.
    package var shadowRules: [String] = []
    /// Whether the limits were checked by this node alone, because the shared store was away.
    package var isLimitDegraded = false
    /// The wire's error code, nil for success.
    package var outcome: ErrorCode?
    /// The finer cause, stable snake_case (`token_expired`, `policy_denial`); empty on success.
    package var reason: String = ""
    /// The HTTP status that was answered; 499 when the caller had gone away.
    package var status: Int = 0
    /// How many worker calls were made.
    package var attempts: Int = 0
    /// What was done, for what is no request: a stable name in dotted form, `keys.rotate`, `bucket.reset`.
    package var action: String?
    /// What it was done to: a node, an agent, a key id, a file. Never a secret.
    package var target: String?
    /// What an operator should know beyond that, as one sentence without secrets or payloads.
    package var detail: String?

    package init() {}

    /// A record of what is no request.
    package init(_ event: Event, unixNanoseconds: Int64, action: String? = nil, target: String? = nil) {
        self.event = event
        timeNanoseconds = unixNanoseconds
        self.action = action
        self.target = target
    }
}

/// Where audit records go. Called on an event loop: an implementation must not block it.
package protocol AuditSink: Sendable {
    /// Whether a request may be served: false where its record could not be kept and the configuration then wants no service.
    ///
    /// Asked once for each request, before anything is done for it; a sink counts the requests that it has turned away.
    func admitsRequest() -> Bool

    /// Takes one record; never throws: a sink that cannot keep a record counts the loss.
    func append(_ record: borrowing AuditRecord)
}
