package import IntentProtocol
package import Traces

/// What the straight line is configured with; a value, fixed while a node runs.
package struct GatewaySettings: Sendable {
    /// The gateway's own entry in the identity chain is `service:<serviceName>`.
    package var serviceName = "api-gateway"
    /// Whether a request without any credential goes on as a caller without subject and roles.
    package var allowsAnonymous = false
    /// Whether a request without a token goes on when its sender proved which service it is.
    package var allowsServices = false
    /// Whether the PARALLEL strategy is allowed; it makes answers depend on timing.
    package var allowsParallel = false
    /// The longest a request may take, and the time it gets when neither policy nor caller asks for less.
    package var requestTimeoutMilliseconds: Int64 = 30_000
    /// The longest wait for an issuer's keys when a token names a key that is not at hand.
    package var keyWaitMilliseconds: Int64 = 2_000
    /// Whose spans are kept; nil keeps none, and passes on what callers say of their traces as it came.
    package var traces: TraceSampling?
    package var envelope = EnvelopeLimits()
    /// What an answer of a worker may cost to read.
    package var reply = JSONLimits.reply(bytesMax: 4 << 20)
    /// Who may register agents; nobody without a grant.
    package var registrationGrants: [RegistrationGrant] = []
    /// The longest life of a registration that is not renewed.
    package var registrationTimeToLiveSecondsMax: Int64 = 60

    package init() {}
}
