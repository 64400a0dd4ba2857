/// What was sealed, and what is known of it.
package struct OpenedMessage: Sendable {
    /// The JSON object that was sealed.
    package let plaintext: [UInt8]
    /// By which profile: answers go by the same.
    package let profile: EMCLProfile
    /// The id of the key, for the audit record.
    package let keyId: String
    /// What the message was bound to; nil in profile `v1`, which binds nothing.
    package let context: EMCLContext?
    /// The nonce, to which an answer must be bound.
    package let nonce: EMCLNonce
    /// Whose nonce it is: profile and key.
    let replayScope: String
    /// Until when the message would open again, in milliseconds since the Unix epoch.
    let replayUntilMilliseconds: Int64

    /// What must not be seen a second time.
    package var replayProof: ReplayProof {
        let digest = profile == .v1 ? nonce.withCipherNonce { Array($0) } : nonce.bytes
        return ReplayProof(digest: digest, scope: replayScope, untilMilliseconds: replayUntilMilliseconds)
    }

    /// What a replay cache must remember of a message. The check is the caller's, after opening: only what opened is remembered.
    package struct ReplayProof: Sendable, Hashable {
        /// The message's nonce, or what stands for it.
        package let digest: [UInt8]
        /// Whose digest it is: profile and key.
        package let scope: String
        /// Until when the message would open again, in milliseconds since the Unix epoch.
        package let untilMilliseconds: Int64

        /// How long it must be remembered from now on: at least one millisecond.
        package func timeToLiveMilliseconds(atUnixMilliseconds now: Int64) -> Int64 {
            max(untilMilliseconds - now, 1)
        }
    }
}
