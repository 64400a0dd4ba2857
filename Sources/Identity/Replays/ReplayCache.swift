/// What a replay cache says of a proof.
package enum ReplayVerdict: Sendable, Hashable {
    /// It was not seen within its time, and is remembered from now on.
    case first
    /// It was seen before.
    case replayed
    /// It cannot be told; who asks decides, and refuses when in doubt.
    case unavailable
}

/// Remembers which proofs of identity, signatures and nonces, were used, so that none is used twice.
package protocol ReplayCache: Sendable {
    /// Whether this is the first use, and remembers it.
    ///
    /// - Parameters:
    ///   - digest: what is unique about the proof; a hash or a nonce.
    ///   - scope: whose it is; the same digest of another scope is another proof.
    ///   - timeToLiveMilliseconds: how long the proof would be accepted, both sides of the clock skew included.
    func firstUse(of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64) async -> ReplayVerdict

    /// The same where nobody else must be asked; nil, and nothing remembered, where one has to wait for the verdict.
    func firstUseAtOnce(of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64) -> ReplayVerdict?
}

extension ReplayCache {
    package func firstUseAtOnce(of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64) -> ReplayVerdict? {
        nil
    }
}

/// The bounds that every replay cache keeps.
package enum ReplayLimits {
    /// The longest that a proof is remembered; a window beyond it is cut to it.
    package static let timeToLiveMillisecondsMax: Int64 = 86_400_000
    /// The most bytes of a digest or a scope; longer ones are `unavailable`, as no honest proof is that long.
    package static let bytesMax = 256
}
