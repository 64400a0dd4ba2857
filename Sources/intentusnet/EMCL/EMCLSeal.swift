import ArgumentParser
import Encryption
import IntentProtocol

extension EMCLCommand {
    /// `intentusnet emcl seal`
    struct Seal: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal an envelope or an answer, and print the frame.",
            discussion: """
                The envelope names intent, version and request id itself. An answer is sealed with --answers and the frame \
                that is answered.
                """)

        @OptionGroup var keys: RingOptions

        @Option(help: "v1 or v2; that of the message that is answered with --answers.")
        var profile = EMCLProfile.v2

        @Option(help: "Who asks, as the gateway authenticates them: user:SUBJECT or service:PRINCIPAL.")
        var caller = ""

        @Option(help: "The caller's tenant.")
        var tenant = ""

        @Option(help: "The agent, for a call from a gateway to a worker.")
        var audience: String?

        @Option(help: "The sealed frame that this answers, a file.")
        var answers: String?

        @Argument(help: "The envelope, in a frame or bare, or the answer: a file, or - for standard input.")
        var file = "-"

        func run() throws {
            let ring = try keys.load()
            let bytes = try EMCLCommand.input(file)
            let (plaintext, context, profile) = try answers.map { try answer(bytes, to: $0, ring) } ?? envelope(bytes)
            do {
                let sealed = try ring.seal(
                    plaintext, context, profile: profile, nowUnixMilliseconds: EMCLCommand.nowMilliseconds,
                    randomBits: EMCLCommand.randomBits)
                try EMCLCommand.write(sealed.frame)
            } catch let failure as EMCLFailure {
                throw ValidationError("cannot seal: \(failure.reason.remedy)")
            }
        }

        private func envelope(_ bytes: [UInt8]) throws -> ([UInt8], EMCLContext, EMCLProfile) {
            let incoming: IncomingIntent
            do {
                incoming = try IncomingIntent(
                    parsing: bytes, limits: .behindGateway(bodyBytesMax: EMCLCommand.messageBytesMax))
            } catch {
                throw ValidationError("no envelope: \(error.message)")
            }
            let context = EMCLContext(
                audience == nil ? .request : .call, caller: Array(caller.utf8)[...], tenant: Array(tenant.utf8)[...],
                audience: Array((audience ?? "").utf8)[...], envelope: incoming.envelope)
            let body = incoming.shape == .bare ? nil : try JSONValue(parsing: bytes).objectValue?["body"]?.encoded
            return (body ?? bytes, context, profile)
        }

        private func answer(
            _ bytes: [UInt8], to file: String, _ ring: KeyRing
        ) throws -> ([UInt8], EMCLContext, EMCLProfile) {
            let asked = try EMCLCommand.open(EMCLCommand.input(file), ring, Open.anyTime)
            let answer =
                asked.context.map { $0.answer(to: asked.nonce) }
                ?? EMCLContext(.answer, caller: "", tenant: "", intent: "", intentVersion: "", requestId: "")
            guard let answer else { throw ValidationError("'\(file)' is an answer itself") }
            return (bytes, answer, asked.profile)
        }
    }
}

extension EMCLFailure.Reason {
    fileprivate var remedy: String {
        switch self {
        case .noActiveKey: "the ring has no active key for this profile and use; see activeFrom, opensUntil and use"
        case .keyExhausted: "the active key sealed as many messages as it may"
        case .cipherUnavailable: KeyRing.Fault.cipherUnavailable.description
        case .malformed, .tooLarge, .profileNotAccepted, .badEncoding, .unknownKey, .expiredKey, .wrongTag,
            .otherDirection, .otherCaller, .otherTenant, .otherAudience, .otherRequest, .outsideWindow, .notAnObject,
            .innerMismatch, .replayed, .replayUnknown, .notSealable:
            "a text of more than \(EMCLContext.textBytesMax) bytes, or too large a message"
        }
    }
}
