package import Encryption
package import IntentProtocol

/// Seals the envelopes of one client or run, and remembers whom its tokens name.
package final class EnvelopeSealer: Sendable {
    private let sealing: EnvelopeSealing
    private let profile: EMCLProfile
    private let recent = RecentNames()

    package init(_ sealing: EnvelopeSealing) {
        self.sealing = sealing
        profile = EMCLProfile(sealing.profile)
    }

    /// Whom messages with a token are bound to, worked out anew.
    package func names(token: String?) -> SealedNames { SealedNames(sealing, token: token) }

    /// Seals an envelope for whom the token names.
    ///
    /// - Throws: EMCL_FAILURE when there is no active key, or it cannot be sealed.
    package func seal(
        _ draft: EnvelopeDraft, token: String?, unixMilliseconds: Int64
    ) throws(IntentError) -> SealedExchange {
        let names = recentNames(token)
        let context = EMCLContext(
            .request, caller: names.caller, tenant: names.tenant, intent: Array(draft.intentName.utf8)[...],
            intentVersion: Array(draft.intentVersion.utf8)[...], requestId: Array(draft.requestId.utf8)[...])
        return try seal(draft.encodedBare(), context, unixMilliseconds: unixMilliseconds)
    }

    /// Seals an envelope that is encoded already, by the ring of now.
    ///
    /// - Parameters:
    ///   - envelope: without a frame.
    ///   - context: a request's, which says what the envelope says.
    /// - Throws: EMCL_FAILURE when there is no active key, or it cannot be sealed.
    package func seal(
        _ envelope: [UInt8], _ context: EMCLContext, unixMilliseconds: Int64
    ) throws(IntentError) -> SealedExchange {
        let ring = sealing.keys.current
        do throws(EMCLFailure) {
            let message = try ring.seal(
                envelope, context, profile: profile, nowUnixMilliseconds: unixMilliseconds,
                randomBits: Self.randomBits)
            guard let answer = context.answer(to: message.nonce) else { throw EMCLFailure(.otherDirection) }
            return SealedExchange(message.frame, ring, profile, answer: answer)
        } catch {
            throw IntentError(.emclFailure, "the envelope cannot be sealed: \(error.sentence)", retryable: false)
        }
    }

    /// From the kernel for each message, not in batches: a process that runs wherever its users like may be restored twice from one
    /// snapshot, and bits that both had at hand would be one nonce for two messages.
    private static func randomBits() -> UInt64 { UInt64.random(in: .min ... .max) }

    private func recentNames(_ token: String?) -> SealedNames {
        guard let token, !sealing.namesAreTold else { return names(token: nil) }
        return recent.names(of: token) { names(token: token) }
    }
}

extension EMCLFailure {
    /// What a person with the keys is told of a fault of the keys.
    var sentence: String {
        switch reason {
        case .noActiveKey: "no key of the ring is active for clients and this profile"
        case .keyExhausted: "the active key sealed as many messages as it may; rotate it"
        case .cipherUnavailable: KeyRing.Fault.cipherUnavailable.description
        default: "it is too large, or a name in it"
        }
    }
}
