/// The ways of sealing an envelope.
package enum EMCLProfile: String, Sendable, Hashable, CaseIterable {
    /// That of the Python package: AES-256-GCM under one key, constant associated data, no key id.
    case v1
    /// That of our own parts: a key id, a subkey for each message, and everything around the envelope authenticated.
    case v2
}
