import IntentProtocol
import Testing

@testable import Encryption

@Suite("EMCL v2")
struct BoundProfileTests {
    @Test("carries a request, a call and their answers, each bound to what it answers")
    func exchange() throws {
        let ring = try KeyRing([Fixture.key()])
        for (context, expectation) in [(Fixture.request, Fixture.fromAlice), (Fixture.call, Fixture.toSummarizer)] {
            let bits = Bits()
            let asked = try ring.sealed(context, bits: bits)
            let opened = try ring.open(
                Fixture.frame(asked.frame), as: expectation, under: EMCLRules(), nowUnixMilliseconds: Fixture.now)
            #expect(opened.plaintext == Fixture.plaintext)
            #expect(opened.context == context)
            #expect(opened.nonce == asked.nonce)
            let answering = try #require(opened.context?.answer(to: opened.nonce))
            let answer = try ring.sealed(answering, bits: bits)
            let expected = try #require(context.answer(to: asked.nonce))
            #expect(ring.refusal(try Fixture.frame(answer.frame), as: .answer(expected)) == nil)
            // The answer to another request of the same words, and the request itself sent back.
            let other = try ring.sealed(context, bits: bits)
            let otherAnswer = try #require(context.answer(to: other.nonce))
            #expect(ring.refusal(try Fixture.frame(answer.frame), as: .answer(otherAnswer)) == .otherRequest)
            #expect(ring.refusal(try Fixture.frame(asked.frame), as: .answer(expected)) == .otherDirection)
            #expect(expected.answer(to: other.nonce) == nil)
        }
    }

    @Test("opens for the caller, the tenant and the agent it was sealed for, and for nobody else")
    func context() throws {
        let ring = try KeyRing([Fixture.key()])
        let request = try Fixture.frame(ring.sealed(Fixture.request).frame)
        let call = try Fixture.frame(ring.sealed(Fixture.call).frame)
        let (alice, mallory) = (Fixture.request.caller, Array("user:mallory".utf8)[...])
        let (acme, none) = (Fixture.request.tenant, [UInt8]()[...])
        #expect(ring.refusal(request, as: .request(caller: mallory, tenant: acme)) == .otherCaller)
        #expect(ring.refusal(request, as: .request(caller: none, tenant: acme)) == .otherCaller)
        #expect(ring.refusal(request, as: .request(caller: alice, tenant: none)) == .otherTenant)
        #expect(ring.refusal(request, as: Fixture.toSummarizer) == .otherDirection)
        #expect(ring.refusal(call, as: .call(audience: Array("other".utf8)[...])) == .otherAudience)
        #expect(ring.refusal(call, as: Fixture.fromAlice) == .otherDirection)
    }

    @Test("every changed byte of a frame refuses it, and every change of the body tells the same")
    func bitFlips() throws {
        let ring = try KeyRing([Fixture.key()])
        let sealed = try ring.sealed(Fixture.request).frame
        let bodyStart = try #require(sealed.firstRange(of: Array("\"body\":".utf8))).upperBound
        var opened = 0
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                do throws(SealedFrame.Fault) {
                    guard let frame = try SealedFrame.read(changed, bytesMax: 1 << 20) else {
                        #expect(index < bodyStart, "a change inside the body does not make it something else")
                        continue
                    }
                    if ring.refusal(frame) == nil { opened += 1 }
                } catch {
                    #expect(error == .malformed)
                }
            }
        }
        #expect(opened == 0)
    }

    @Test("every shorter frame is refused")
    func truncated() throws {
        let ring = try KeyRing([Fixture.key()])
        let sealed = try ring.sealed(Fixture.request).frame
        for count in sealed.indices {
            let frame = try? SealedFrame.read(Array(sealed[..<count]), bytesMax: 1 << 20)
            #expect((frame ?? nil) == nil)
        }
    }

    @Test(
        "opens within its window and not a millisecond outside",
        arguments: [(-60_000, true), (-60_001, false), (0, true), (60_000, true), (60_001, false)] as [(Int64, Bool)])
    func window(offset: Int64, opens: Bool) throws {
        let ring = try KeyRing([Fixture.key()])
        let frame = try Fixture.frame(ring.sealed(Fixture.request, at: Fixture.now + offset).frame)
        #expect(ring.refusal(frame) == (opens ? nil : .outsideWindow))
    }

    @Test("tells what must be remembered against replay, and for how long")
    func replay() throws {
        let ring = try KeyRing([Fixture.key()])
        let sealed = try ring.sealed(Fixture.request, at: Fixture.now - 20_000)
        let opened = try ring.open(
            Fixture.frame(sealed.frame), as: Fixture.fromAlice, under: EMCLRules(), nowUnixMilliseconds: Fixture.now)
        #expect(opened.replayProof.digest == sealed.nonce.bytes)
        #expect(opened.replayProof.scope == "emcl:v2:2026-01-a")
        let lifetime = opened.replayProof.timeToLiveMilliseconds(atUnixMilliseconds: Fixture.now)
        #expect(lifetime == 40_001)
        let frame = try Fixture.frame(sealed.frame)
        #expect(ring.refusal(frame, at: Fixture.now + lifetime) == .outsideWindow)
        #expect(ring.refusal(frame, at: Fixture.now + lifetime - 1) == nil)
    }

    @Test("no two messages have one nonce, and a subkey seals for a minute")
    func nonces() throws {
        let ring = try KeyRing([Fixture.key()])
        let constant = { UInt64(5) }
        var nonces: Set<EMCLNonce> = []
        var salts: Set<[UInt8]> = []
        let bits = Bits()
        for step in 0..<3_000 {
            let now = Fixture.now + Int64(step) * 100
            // A generator that fails and gives one number for ever: the count still keeps the nonces apart.
            let random = step % 600 < 2 ? bits.next : constant
            let message = try ring.seal(
                Fixture.plaintext, Fixture.request, nowUnixMilliseconds: now, randomBits: random)
            nonces.insert(message.nonce)
            salts.insert(Array(message.nonce.bytes.prefix(EMCLNonce.saltByteCount)))
        }
        #expect(nonces.count == 3_000)
        #expect(salts.count == 5)
        #expect(ring.keys[0].sealedMessages == 3_000)
    }

    @Test("refuses to seal what could not be opened")
    func notSealable() throws {
        let ring = try KeyRing([Fixture.key()])
        let long = EMCLContext(
            .request, caller: String(repeating: "c", count: 4_097), tenant: "", intent: "I", intentVersion: "1.0",
            requestId: "r")
        #expect(throws: EMCLFailure(.notSealable)) { try ring.sealed(long) }
        let unasked = EMCLContext(.answer, caller: "", tenant: "", intent: "I", intentVersion: "1.0", requestId: "r")
        #expect(throws: EMCLFailure(.notSealable)) { try ring.sealed(unasked) }
        #expect(EMCLFailure(.notSealable).isOurs)
    }

    @Test("seals the longest id, the longest texts, each byte of them escaped, in an answer")
    func extremes() throws {
        let ring = try KeyRing([Fixture.key(String(repeating: "k", count: RingKey.idBytesMax))])
        for byte: UInt8 in [0, 1, 0x1F] {
            let text = [UInt8](repeating: byte, count: EMCLContext.textBytesMax)[...]
            let asked = EMCLContext(
                .call, caller: text, tenant: text, audience: text, intent: text, intentVersion: text, requestId: text)
            let nonce = try ring.sealed(asked).nonce
            let context = try #require(asked.answer(to: nonce))
            let frame = try Fixture.frame(try ring.sealed(context).frame)
            #expect(ring.refusal(frame, as: .answer(context)) == nil, "\(byte)")
        }
    }

    @Test("compares the envelope inside with the names outside, however they are escaped")
    func inner() throws {
        func envelope(_ name: String) throws -> IntentEnvelope {
            var draft = EnvelopeDraft(
                intentName: "x", payload: [:] as JSONObject, requestId: "r-1", timestamp: "2026-01-01T00:00:00Z")
            draft.intentName = "SummarizeIntent"
            let text = String(decoding: draft.encodedBare(), as: UTF8.self)
            return try IncomingIntent(
                parsing: Array(text.replacing("\"SummarizeIntent\"", with: "\"\(name)\"").utf8)
            ).envelope
        }
        #expect(Fixture.request.names(try envelope("SummarizeIntent")))
        #expect(Fixture.request.names(try envelope("Summarize\\u0049ntent")))
        #expect(!Fixture.request.names(try envelope("DeleteIntent")))
        let outer = EMCLContext(.request, caller: [], tenant: [], envelope: try envelope("Summarize\\u0049ntent"))
        #expect(Array(outer.intent) == Array("SummarizeIntent".utf8))
    }

    @Test("an unknown key, a wrong tag and a wrong context cost the same work")
    func timing() throws {
        let ring = try KeyRing([Fixture.key()])
        let other = try KeyRing([Fixture.key("other", byte: 9)])
        let forged = try KeyRing([Fixture.key("2026-01-a", byte: 9)])
        let frames = try [other, forged, ring].map { try Fixture.frame($0.sealed(Fixture.request).frame) }
        let expectations = [Fixture.fromAlice, Fixture.fromAlice, .request(caller: [], tenant: [])]
        let clock = ContinuousClock()
        let costs = zip(frames, expectations).map { frame, expectation in
            // The least of many runs: what other processes take away from some does not count.
            (0..<200).map { _ in
                clock.measure { for _ in 0..<10 { _ = ring.refusal(frame, as: expectation) } }
            }.min() ?? .zero
        }
        let (least, most) = (costs.min() ?? .zero, costs.max() ?? .zero)
        #expect(most < least * 2, "\(costs)")
    }
}
