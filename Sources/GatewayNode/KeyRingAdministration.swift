import Encryption

/// What operators are told of the keys that envelopes are sealed with, and may do to them. No key byte passes here.
protocol KeyRingAdministration: Sendable {
    /// Every key, the active one first.
    func keys() -> [KeyRingEntry]

    /// Makes another key, which becomes the active one when its time has come, for all gateways that share the ring; where a source
    /// of secrets has the ring, every gateway reads it anew.
    func rotate() async -> Result<KeyRotation, KeyRotationFailure>
}

/// One key of a ring, as it stands on this node.
struct KeyRingEntry: Sendable, Hashable {
    /// What a key does now.
    enum State: String, Sendable, Hashable, CaseIterable {
        /// It seals and opens.
        case active
        /// Its time has come, and it waits until every node holds it; it opens.
        case waiting
        /// Its time has not come; it opens.
        case staged
        /// Another one seals in its place; it opens.
        case retiring
        /// It does nothing any more.
        case ended
    }

    /// What messages name it by.
    let id: String
    let state: State
    let profile: EMCLProfile
    let uses: Set<KeyUse>
    /// Nil for one that was always active.
    let activeFromMilliseconds: Int64?
    /// Nil without an end.
    let opensUntilMilliseconds: Int64?
    /// Since it became active; nil before, and for one that was always active.
    let ageSeconds: Int64?
    /// Messages that this node sealed with it.
    let sealedMessages: UInt64
}

/// What a rotation came to.
struct KeyRotation: Sendable {
    /// The key that is active now.
    let activeId: String?
    /// The key that takes its place, and from when; nil where the source decides.
    let next: (id: String, fromMilliseconds: Int64)?
    /// Whether every gateway of the cluster was told; false where there is no shared store, or it is away.
    let isClusterWide: Bool
}

/// Why there was no rotation.
enum KeyRotationFailure: Error, Sendable, Hashable {
    /// The keys come from a place that only its own tools change, such as a file; the text says which.
    case sourceIsFixed(String)
    /// The ring as it is takes no other key now; the text says why.
    case ringIsFull(String)
    /// The source cannot be asked now; the text is for the operator and holds no secret.
    case unavailable(String)
}
