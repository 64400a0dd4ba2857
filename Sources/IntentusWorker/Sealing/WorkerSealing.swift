public import IntentusClient

/// How a worker opens calls that gateways seal for its agent (EMCL), and seals its replies.
public struct WorkerSealing: Sendable {
    /// The keys, which the gateways have too.
    public var keys: EnvelopeKeys
    /// Whether calls in clear are refused.
    public var isRequired = true
    /// The ways of sealing that are taken.
    public var profiles: Set<EnvelopeSealing.Profile> = [.v2]

    /// Takes calls sealed by profile `v2`, and no others.
    public init(keys: EnvelopeKeys) {
        self.keys = keys
    }
}
