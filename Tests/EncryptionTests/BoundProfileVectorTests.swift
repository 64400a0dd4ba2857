import Crypto
import IntentProtocol
import Testing

@testable import Encryption

/// EMCL.md against a program that shares nothing with this room (Tests/Tools/emcl_v2_vectors.py).
@Suite("EMCL v2 vectors")
struct BoundProfileVectorTests {
    private func ring(_ hex: String, id: String) throws -> KeyRing {
        let bytes = try #require(KeyBytes(encoded: hex.utf8))
        return try KeyRing([#require(RingKey(id: id, bytes: bytes))])
    }

    private func expectation(_ header: borrowing SealedHeader) -> EMCLExpectation {
        switch header.context.direction {
        case .request: .request(caller: header.context.caller, tenant: header.context.tenant)
        case .call: .call(audience: header.context.audience)
        case .answer, .reply: .answer(header.context)
        }
    }

    @Test("open to exactly what was sealed, and are sealed again byte for byte")
    func accepted() throws {
        for vector in try Vectors.cases("emcl_v2") {
            let name = try vector.text("id")
            let body = try vector.object("body")
            let frame = try SealedFrame(parsingBody: body.encoded, bytesMax: 1 << 20)
            let header = try SealedHeader(frame)
            let ring = try ring(vector.text("keyHex"), id: body.text("kid"))
            let canonical = header.withCanonicalBytes { HexDigits.text(of: Array($0)) }
            #expect(try canonical == vector.text("canonicalHeaderHex"), "\(name)")
            let subkey = ring.keys[0].subkeys.forOpening(header.nonce.salt).cipher
            #expect(
                try HexDigits.text(of: subkey.key.withUnsafeBytes { Array($0) }) == vector.text("subkeyHex"), "\(name)")
            let opened = try ring.open(
                frame, as: expectation(header), under: EMCLRules(), nowUnixMilliseconds: header.milliseconds)
            #expect(try opened.plaintext == Array(vector.text("plaintextJSON").utf8), "\(name)")
            #expect(opened.context == header.context)
            let key = Subkeys.Subkey(salt: header.nonce.salt, cipher: subkey)
            let byteCountMax = KeyRing.bodyBytesMax(opened.plaintext[...], header)
            let again = MemoryWriter.body(bytesMax: byteCountMax) {
                KeyRing.appendBody(opened.plaintext[...], key, header, to: &$0)
            }
            #expect(try JSONValue(parsing: again) == .object(body), "\(name)")
        }
    }

    @Test("that must not open are refused for the reason they were made for, all alike to the outside")
    func refused() throws {
        let document = try Vectors.document("emcl_v2")
        let ring = try ring(document.text("refusedKeyHex"), id: "2026-01-a")
        var seen: Set<EMCLFailure.Reason> = []
        for vector in try Vectors.cases("emcl_v2", "refused") {
            let name = try vector.text("id")
            let reason = try #require(EMCLFailure.Reason(rawValue: vector.text("reason")), "\(name)")
            let body = try vector.object("body").encoded
            let refusal: EMCLFailure.Reason?
            do {
                refusal = ring.refusal(try SealedFrame(parsingBody: body, bytesMax: 1 << 20))
            } catch SealedFrame.Fault.malformed {
                refusal = .malformed
            }
            #expect(refusal == reason, "\(name)")
            seen.insert(reason)
        }
        #expect(seen.count >= 9)
        let told = Set(EMCLFailure.Reason.allCases.map { EMCLFailure($0).intentError.description })
        #expect(told == ["EMCL_FAILURE: the message cannot be opened"])
    }
}
