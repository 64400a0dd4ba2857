package import IntentProtocol

/// A message that was not opened, or not sealed.
///
/// Whoever sent it learns ``intentError`` alone, the same for every reason: a fine answer would tell a forger which part of a
/// guess was right. The reason is for the audit record.
package struct EMCLFailure: Error, Sendable, Hashable {
    /// What was wrong.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Not the strict JSON of a sealed message, or not the members of its profile.
        case malformed
        /// More bytes than the limit.
        case tooLarge = "too_large"
        /// A profile that is not accepted here.
        case profileNotAccepted = "profile_not_accepted"
        /// Base64 that is not canonical, or a nonce of another length.
        case badEncoding = "bad_encoding"
        /// No key of that id, or none for this use.
        case unknownKey = "unknown_key"
        /// A key that opens nothing any more.
        case expiredKey = "expired_key"
        /// The tag is not the key's over these bytes: changed, cut, or sealed with another key.
        case wrongTag = "wrong_tag"
        /// Sealed for another direction, such as an answer sent as a request.
        case otherDirection = "other_direction"
        /// Sealed by another caller than the one that was authenticated.
        case otherCaller = "other_caller"
        /// Sealed for another tenant than the caller's.
        case otherTenant = "other_tenant"
        /// Sealed for somebody else.
        case otherAudience = "other_audience"
        /// An answer, but to another request.
        case otherRequest = "other_request"
        /// Sealed too long ago, or in the future.
        case outsideWindow = "outside_window"
        /// What was sealed is no JSON object.
        case notAnObject = "not_an_object"
        /// The envelope inside names another intent, version or request than the outside.
        case innerMismatch = "inner_mismatch"
        /// The message came before.
        case replayed
        /// Whether it came before cannot be told.
        case replayUnknown = "replay_unknown"
        /// No key of the ring is active for this use and profile: nothing can be sealed.
        case noActiveKey = "no_active_key"
        /// The active key sealed as many messages as it may.
        case keyExhausted = "key_exhausted"
        /// What should be sealed is larger than can be sealed.
        case notSealable = "not_sealable"
        /// libcrypto lacks the memory or the algorithm: of the message nothing is known.
        case cipherUnavailable = "cipher_unavailable"
    }

    /// What was wrong, for the audit record.
    package let reason: Reason

    /// Makes a failure.
    package init(_ reason: Reason) {
        self.reason = reason
    }

    /// What the other side learns: the same for every message that could not be opened.
    package var intentError: IntentError { IntentError(.emclFailure, "the message cannot be opened") }

    /// Whether the fault lies with this part, not with the message.
    package var isOurs: Bool {
        switch reason {
        case .noActiveKey, .keyExhausted, .notSealable, .replayUnknown, .cipherUnavailable: true
        case .malformed, .tooLarge, .profileNotAccepted, .badEncoding, .unknownKey, .expiredKey, .wrongTag,
            .otherDirection, .otherCaller, .otherTenant, .otherAudience, .otherRequest, .outsideWindow, .notAnObject,
            .innerMismatch, .replayed:
            false
        }
    }
}

extension EMCLFailure: CustomStringConvertible {
    /// The reason's name in audit records.
    package var description: String { reason.rawValue }
}
