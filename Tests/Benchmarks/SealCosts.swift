import Encryption
import Foundation
import IntentProtocol
import Machine

/// What sealing and opening cost, each by the profile's whole form: from the envelope to the frame and back.
enum SealCosts {
    private static let now: Int64 = 1_767_225_600_000

    /// - Parameters:
    ///   - body: an envelope as a client sends it.
    ///   - response: an agent's answer without its frame.
    static func measure(_ body: [UInt8], response: [UInt8]) throws -> [Measurement] {
        let random = RandomBytes()
        let ring = try KeyRing([key(1, .v1), key(2, .v2)].compactMap { $0 })
        let envelope = try IncomingIntent(parsing: body).envelope
        let (caller, tenant) = (Array("user:alice".utf8)[...], Array("acme".utf8)[...])
        let asked = EMCLContext(.request, caller: caller, tenant: tenant, envelope: envelope)
        let expectation = EMCLExpectation.request(caller: caller, tenant: tenant)
        func seal(_ bytes: [UInt8], _ context: EMCLContext, _ profile: EMCLProfile = .v2) -> SealedMessage {
            let sealed = try? ring.seal(
                bytes, context, profile: profile, nowUnixMilliseconds: now, randomBits: random.next)
            guard let sealed else { exit(2) }
            return sealed
        }
        func open(_ bytes: [UInt8], _ expectation: EMCLExpectation) -> OpenedMessage {
            var rules = EMCLRules()
            rules.profiles = [.v1, .v2]
            guard let frame = try? SealedFrame.read(bytes, bytesMax: 1 << 20),
                let opened = try? ring.open(frame, as: expectation, under: rules, nowUnixMilliseconds: now)
            else { exit(2) }
            return opened
        }
        let (python, bound) = (seal(body, asked, .v1).frame, seal(body, asked).frame)
        /// A call as the gateway makes it of an envelope, and the reply of the agent to it.
        func call() -> (message: SealedMessage, reply: EMCLContext) {
            let context = EMCLContext(
                .call, caller: caller, tenant: tenant, audience: Array("summarizer".utf8)[...], envelope: envelope)
            let message = seal(body, context)
            guard let reply = context.answer(to: message.nonce) else { exit(2) }
            return (message, reply)
        }
        /// What comes under a salt that did not open before, and never does: its subkey is derived and prepared each time.
        guard let refusing = try? KeyRing([key(2, .v2)].compactMap { $0 }),
            let place = bound.firstRange(of: Array(#""cipherText":""#.utf8))?.upperBound
        else { exit(2) }
        var forged = bound
        forged[place] = forged[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        func refuse() -> Int {
            do {
                guard let frame = try SealedFrame.read(forged, bytesMax: 1 << 20) else { exit(2) }
                _ = try refusing.open(frame, as: expectation, under: EMCLRules(), nowUnixMilliseconds: now)
            } catch let failure as EMCLFailure where failure.reason == .wrongTag {
                return 1
            } catch {}
            exit(2)
        }
        let first = call()
        let reply = seal(response, first.reply).frame
        let text = Array(Base64.text(of: body).utf8)
        var memory = [UInt8](repeating: 0, count: text.count)
        return [
            Measurement("draw 64 random bits", atMost: 100) { Int(truncatingIfNeeded: random.next()) },
            Measurement("write \(body.count) bytes as base64", atMost: 500) {
                body.withUnsafeBytes { body in memory.withUnsafeMutableBytes { Base64.encode(body, into: $0) } }
                return Int(memory[0])
            },
            Measurement("read them", atMost: 500) {
                text.withUnsafeBytes { text in
                    memory.withUnsafeMutableBytes {
                        Base64.decode(text, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<body.count])) ? 1 : 0
                    }
                }
            },
            Measurement("seal \(body.count) bytes, EMCL v2", atMost: 2_500) { seal(body, asked).frame.count },
            Measurement("open them", atMost: 2_500) { open(bound, expectation).plaintext.count },
            Measurement("refuse them under a salt that is not known") { refuse() },
            // All that a gateway does for one request that is sealed on both of its sides.
            Measurement("open request, seal call, open reply, seal answer", atMost: 8_000) {
                let opened = open(bound, expectation)
                let remembered = opened.replayProof.digest.count
                let called = call()
                let replied = open(reply, .answer(first.reply))
                guard let context = opened.context?.answer(to: opened.nonce) else { exit(2) }
                return remembered + called.message.frame.count + seal(replied.plaintext, context).frame.count
            },
            Measurement("seal \(body.count) bytes, EMCL v1") { seal(body, asked, .v1).frame.count },
            Measurement("open them, and check the JSON") { open(python, expectation).plaintext.count },
        ]
    }

    private static func key(_ byte: UInt8, _ profile: EMCLProfile) -> RingKey? {
        KeyBytes([UInt8](repeating: byte, count: 32)).flatMap {
            RingKey(id: "bench-\(byte)", bytes: $0, profile: profile)
        }
    }
}
