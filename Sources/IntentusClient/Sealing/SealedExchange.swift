import Encryption
package import IntentProtocol

/// One sealed request, and what its answer must be bound to.
package struct SealedExchange: Sendable {
    /// The frame that is sent.
    package let frame: [UInt8]
    private let ring: KeyRing
    private let profile: EMCLProfile
    private let answer: EMCLContext

    init(_ frame: [UInt8], _ ring: KeyRing, _ profile: EMCLProfile, answer: EMCLContext) {
        self.frame = frame
        self.ring = ring
        self.profile = profile
        self.answer = answer
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

extension IntentError {
    fileprivate static var unopened: IntentError {
        IntentError(.emclFailure, "the gateway's answer cannot be opened", retryable: false)
    }
}
