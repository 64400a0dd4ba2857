package import Encryption

/// How a client seals its envelopes (EMCL): nobody between it and the gateway's own memory reads them or the answers.
///
/// Random bits are drawn from the kernel for each message, so that two processes restored from one snapshot seal under different nonces.
public struct EnvelopeSealing: Sendable {
    /// A way of sealing.
    public enum Profile: Sendable, Hashable {
        /// The Python package's, which binds a message to nobody; gateways take it where they are told to.
        case v1
        /// Binds a message to its caller, intent, request and time.
        case v2
    }

    /// The keys, which the gateway has too.
    public var keys: EnvelopeKeys
    /// The way of sealing.
    public var profile = Profile.v2
    /// The caller as the gateway authenticates it: `user:` and the token's subject, or `service:` and the principal of the
    /// certificate; nil takes the token's `sub`, and without a token nobody.
    public var caller: String?
    /// The caller's tenant; nil takes it from the token.
    public var tenant: String?
    /// Where the tenant stands in the token, dots going deeper, as the gateway's `tenantClaim` says.
    public var tenantClaim = "tenant"

    /// Seals by profile `v2`, for whom the token names.
    public init(keys: EnvelopeKeys) {
        self.keys = keys
    }
}

extension EMCLProfile {
    package init(_ profile: EnvelopeSealing.Profile) {
        switch profile {
        case .v1: self = .v1
        case .v2: self = .v2
        }
    }
}
