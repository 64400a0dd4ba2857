import Encryption
import Identity
package import IntentProtocol

/// One sealed request, and what its answer must be bound to.
package struct SealedExchange: Sendable {
    /// The frame that is sent.
    package let frame: [UInt8]
    private let ring: KeyRing
    private let profile: EMCLProfile
    private let answer: EMCLContext

    /// Seals an envelope for whom the token names.
    ///
    /// - Throws: EMCL_FAILURE when there is no active key.
    package init(
        _ draft: EnvelopeDraft, _ sealing: EnvelopeSealing, token: String?, unixMilliseconds: Int64
    ) throws(IntentError) {
        let named = token.map { TokenNames($0, tenantClaim: sealing.tenantClaim) }
        let context = EMCLContext(
            .request, caller: sealing.caller ?? named?.subject.map { "user:\($0)" } ?? "",
            tenant: sealing.tenant ?? named?.tenant ?? "", intent: draft.intentName,
            intentVersion: draft.intentVersion, requestId: draft.requestId)
        ring = sealing.keys.current
        profile = EMCLProfile(sealing.profile)
        do throws(EMCLFailure) {
            let message = try ring.seal(
                draft.encodedBare(), context, profile: profile, nowUnixMilliseconds: unixMilliseconds,
                randomBits: { UInt64.random(in: .min ... .max) })
            guard let answer = context.answer(to: message.nonce) else { throw EMCLFailure(.otherDirection) }
            frame = message.frame
            self.answer = answer
        } catch {
            throw IntentError(.emclFailure, "the envelope cannot be sealed: \(error.sentence)", retryable: false)
        }
    }

    /// The answer as if it had come plainly.
    ///
    /// A refusal may come in clear, for a gateway tells who could not be authenticated before it opens anything; a result may not.
    package func open(_ answer: GatewayAnswer, unixMilliseconds: Int64) throws(IntentError) -> GatewayAnswer {
        let frame: SealedFrame?
        do throws(SealedFrame.Fault) { frame = try SealedFrame.read(answer.body, bytesMax: answer.body.count) } catch {
            throw .unopened
        }
        guard let frame else {
            let reply = AgentReply(parsing: answer.body, httpStatus: 200, limits: .reply(bytesMax: answer.body.count))
            guard !reply.isSuccess else {
                throw IntentError(
                    .emclFailure, "the gateway answered in clear to a sealed request", retryable: false)
            }
            return answer
        }
        var rules = EMCLRules()
        rules.profiles = EMCLProfiles(profile)
        do throws(EMCLFailure) {
            let opened = try ring.open(
                frame, as: .answer(self.answer), under: rules, nowUnixMilliseconds: unixMilliseconds)
            return GatewayAnswer(status: answer.status, retryAfter: answer.retryAfter, body: opened.plaintext)
        } catch {
            throw error.reason == .cipherUnavailable
                ? IntentError(
                    .emclFailure, "the gateway's answer cannot be opened: \(error.sentence)", retryable: false)
                : .unopened
        }
    }
}

extension EMCLFailure {
    /// What a person with the keys is told of a fault of the keys.
    fileprivate var sentence: String {
        switch reason {
        case .noActiveKey: "no key of the ring is active for clients and this profile"
        case .keyExhausted: "the active key sealed as many messages as it may; rotate it"
        case .cipherUnavailable: KeyRing.Fault.cipherUnavailable.description
        default: "it is too large, or a name in it"
        }
    }
}

extension IntentError {
    fileprivate static var unopened: IntentError {
        IntentError(.emclFailure, "the gateway's answer cannot be opened", retryable: false)
    }
}

/// What a token says of its bearer. Nothing is verified: a token that lies is refused by the gateway.
private struct TokenNames {
    private(set) var subject: String?
    private(set) var tenant: String?

    init(_ token: String, tenantClaim: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(String(parts[1])),
            let claims = try? JSONValue(parsing: bytes)
        else { return }
        subject = claims.objectValue?["sub"]?.stringValue
        var value: JSONValue? = claims
        for name in tenantClaim.split(separator: ".") { value = value?.objectValue?[String(name)] }
        tenant = value?.stringValue
    }
}
