import Testing

@testable import Identity

@Suite("Signatures of tokens")
struct SignatureTests {
    private func parts(_ token: [UInt8]) -> (signed: String, signature: [UInt8]) {
        let text = String(decoding: token, as: UTF8.self)
        let dot = text.lastIndex(of: ".") ?? text.endIndex
        return (String(text[..<dot]), Base64URL.decode(String(text[text.index(after: dot)...])) ?? [])
    }

    private func joined(_ signed: String, _ signature: [UInt8]) -> [UInt8] {
        Array((signed + "." + base64URL(signature)).utf8)
    }

    @Test("a signature shortened or lengthened by any of some bytes is refused", arguments: SignatureAlgorithm.allCases)
    func lengths(_ algorithm: SignatureAlgorithm) throws {
        let issuer = TestIssuer.of(algorithm)
        let verifier = try issuer.verifier()
        let (signed, signature) = parts(issuer.token())
        #expect(verifier.verified(joined(signed, signature)) != nil)
        for cut in [1, 2, signature.count / 2, signature.count - 1] {
            #expect(verifier.refusal(joined(signed, Array(signature.dropLast(cut)))) == .badSignature)
            #expect(verifier.refusal(joined(signed, Array(signature.dropFirst(cut)))) == .badSignature)
        }
        for extra: [UInt8] in [[0], [0, 0], signature] {
            #expect(verifier.refusal(joined(signed, signature + extra)) == .badSignature)
            #expect(verifier.refusal(joined(signed, extra + signature)) == .badSignature)
        }
        let tooLong = [UInt8](repeating: 1, count: 1_030)
        #expect(verifier.refusal(joined(signed, tooLong))?.isMalformed == true)
    }

    @Test("every flipped bit of a signature is refused", arguments: SignatureAlgorithm.allCases)
    func bitFlips(_ algorithm: SignatureAlgorithm) throws {
        let issuer = TestIssuer.of(algorithm)
        let verifier = try issuer.verifier()
        let (signed, signature) = parts(issuer.token())
        for bit in stride(from: 0, to: signature.count * 8, by: algorithm == .es384 ? 7 : 1) {
            var flipped = signature
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(verifier.refusal(joined(signed, flipped)) == .badSignature, "bit \(bit)")
        }
    }

    @Test("zero and extreme values of r and s are refused", arguments: [SignatureAlgorithm.es256, .es384])
    func degenerateCurveSignatures(_ algorithm: SignatureAlgorithm) throws {
        let issuer = TestIssuer.of(algorithm)
        let verifier = try issuer.verifier()
        let (signed, signature) = parts(issuer.token())
        let half = signature.count / 2
        let zero = [UInt8](repeating: 0, count: half)
        let ones = [UInt8](repeating: 0xFF, count: half)
        for (r, s) in [(zero, zero), (ones, ones), (zero, ones), (Array(signature[..<half]), zero)] {
            #expect(verifier.refusal(joined(signed, r + s)) == .badSignature)
        }
    }

    @Test("a DER signature, which JOSE does not know, is refused")
    func derSignature() throws {
        let issuer = TestIssuer.of(.es256)
        let (signed, signature) = parts(issuer.token())
        let der: [UInt8] = [0x30, 0x44, 0x02, 0x20] + signature[..<32] + [0x02, 0x20] + signature[32...]
        #expect(try issuer.verifier().refusal(joined(signed, der)) == .badSignature)
    }

    @Test("signatures of P-256 with short integers hold: a thousand of them")
    func shortIntegers() throws {
        let issuer = TestIssuer.of(.es256)
        let verifier = try issuer.verifier()
        for index in 0..<1_000 {
            #expect(verifier.verified(issuer.token(["jti": "\"\(index)\""])) != nil)
        }
    }

    @Test("the signature covers header and claims")
    func splicing() throws {
        let issuer = TestIssuer.standard
        let verifier = try issuer.verifier()
        let one = String(decoding: issuer.token(), as: UTF8.self).split(separator: ".")
        let two = String(decoding: issuer.token(["sub": "\"root\""]), as: UTF8.self).split(separator: ".")
        #expect(verifier.refusal(Array("\(one[0]).\(two[1]).\(one[2])".utf8)) == .badSignature)
        let header = base64URL(Array("{\"alg\":\"RS256\",\"kid\":\"key-1\"}".utf8))
        #expect(verifier.refusal(Array("\(header).\(one[1]).\(one[2])".utf8)) == .badSignature)
    }

    @Test("another key's signature is refused")
    func otherKey() throws {
        var stranger = TestIssuer.standard
        stranger.key = .otherRSA
        #expect(try TestIssuer.standard.verifier().refusal(stranger.token()) == .badSignature)
    }

    @Test("one key verifies in several threads at once")
    func concurrency() async throws {
        let issuer = TestIssuer.standard
        let verifier = try issuer.verifier()
        let good = issuer.token()
        let bad = joined(parts(good).signed, [UInt8](repeating: 7, count: 256))
        let right = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<200).reduce(0) { sum, _ in
                        sum + (verifier.verified(good) != nil && verifier.refusal(bad) == .badSignature ? 1 : 0)
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(right == 1_600)
    }
}
