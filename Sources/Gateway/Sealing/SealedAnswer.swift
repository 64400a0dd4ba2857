import Encryption
import IntentProtocol

extension Gateway {
    /// The body of an answer: as it is to a plain request, sealed to a sealed one.
    ///
    /// - Parameter response: the response alone, without a frame, where there is a seal.
    /// - Throws: why it cannot be sealed: then it must not be sent.
    func sealed(_ response: [UInt8], by seal: AnswerSeal) throws(EMCLFailure) -> [UInt8] {
        do throws(EMCLFailure) {
            return try seal.ring.seal(
                response, seal.context, profile: seal.profile, openedBy: seal.keyId,
                nowUnixMilliseconds: around.unixNanoseconds() / 1_000_000,
                randomBits: { around.randomBits() }
            ).frame
        } catch {
            meter.recordSealFailure(reason: error.reason.rawValue)
            throw error
        }
    }
}

extension Answer {
    /// What is told in clear instead of an answer that could not be sealed: nothing of it.
    static func unsealable(_ journal: borrowing Journal) -> Answer {
        var body: [UInt8] = []
        AgentResponse.failure(
            IntentError(
                .emclFailure, "the answer cannot be sealed: the gateway lacks an active key, or libcrypto failed",
                retryable: false),
            metadata: ["agent": "gateway", "traceId": .null]
        ).appendFrame(to: &body)
        return Answer(status: journal.door == .python ? 200 : 500, headerLines: journal.headerLines, body: body)
    }
}
