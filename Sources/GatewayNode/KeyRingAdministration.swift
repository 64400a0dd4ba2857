/// What operators are told of the keys that envelopes are sealed with, and may do to them. No key byte passes here.
protocol KeyRingAdministration: Sendable {
    /// Every key, the active one first.
    func keys() -> [KeyRingEntry]

    /// Makes another key the active one, for all gateways that share the ring.
    func rotate() async -> Result<KeyRotation, KeyRotationFailure>
}

/// One key of a ring.
struct KeyRingEntry: Sendable, Hashable {
    /// What messages name it by.
    let id: String
    /// `active`, or `retiring` while what was sealed with it is still opened.
    let state: String
    let ageSeconds: Int64
    /// Messages that this node sealed with it.
    let sealedMessages: UInt64
}

/// What a rotation came to.
struct KeyRotation: Sendable, Hashable {
    /// The key that is active now.
    let activeId: String
    /// Whether every gateway of the cluster takes part; false where there is no shared store.
    let isClusterWide: Bool
}

/// Why there was no rotation.
enum KeyRotationFailure: Error, Sendable, Hashable {
    /// The keys come from a place that only its own tools change, such as a file; the text says which.
    case sourceIsFixed(String)
    /// The source cannot be asked now; the text is for the operator and holds no secret.
    case unavailable(String)
}
