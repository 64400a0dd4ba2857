import Crypto
import Testing

@testable import Encryption

/// The cipher alone, against swift-crypto's, which shares no code with it.
@Suite("AES-256-GCM by libcrypto")
struct AESGCMTests {
    private static let key = SymmetricKey(data: (0..<32).map { UInt8($0) })

    private func sealed(
        _ cipher: AESGCM, _ plaintext: [UInt8], nonce: [UInt8], header: [UInt8]
    ) -> [UInt8]? {
        var memory = plaintext + [UInt8](repeating: 0, count: AESGCM.tagByteCount)
        let isSealed = memory.withUnsafeMutableBytes { memory in
            nonce.withUnsafeBytes { nonce in
                header.withUnsafeBytes { cipher.seal(memory, nonce: nonce, authenticating: $0) }
            }
        }
        return isSealed ? memory : nil
    }

    private func opening(
        _ cipher: AESGCM, _ sealed: [UInt8], nonce: [UInt8], header: [UInt8]
    ) -> (outcome: CipherOutcome, plaintext: [UInt8]) {
        var memory = sealed
        let outcome = memory.withUnsafeMutableBytes { memory in
            nonce.withUnsafeBytes { nonce in
                header.withUnsafeBytes { cipher.open(memory, nonce: nonce, authenticating: $0) }
            }
        }
        return (outcome, Array(memory.dropLast(AESGCM.tagByteCount)))
    }

    private func opened(_ cipher: AESGCM, _ sealed: [UInt8], nonce: [UInt8], header: [UInt8]) -> [UInt8]? {
        let (outcome, plaintext) = opening(cipher, sealed, nonce: nonce, header: header)
        return outcome == .done ? plaintext : nil
    }

    @Test("makes what swift-crypto makes, and opens it, at every length around a block", arguments: [0, 24, 200])
    func twins(headerByteCount: Int) throws {
        let cipher = AESGCM(Self.key)
        let header = [UInt8](repeating: 0x61, count: headerByteCount)
        for count in Array(0...65) + [640, 4_097] {
            let plaintext = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let nonce = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: AESGCM.nonceByteCount)
            let box = try AES.GCM.seal(
                plaintext, using: Self.key, nonce: AES.GCM.Nonce(data: nonce), authenticating: header)
            let ours = try #require(sealed(cipher, plaintext, nonce: nonce, header: header))
            #expect(ours == Array(box.ciphertext + box.tag), "\(count)")
            #expect(opened(cipher, ours, nonce: nonce, header: header) == plaintext, "\(count)")
            var turned = nonce
            turned[11] ^= 1
            #expect(opened(cipher, ours, nonce: turned, header: header) == nil, "\(count)")
            #expect(opened(cipher, ours, nonce: nonce, header: header + [0]) == nil, "\(count)")
        }
    }

    @Test("opens nothing with any bit turned, cut short, or under a nonce of another length; and works on after that")
    func refused() throws {
        let cipher = AESGCM(Self.key)
        let nonce = [UInt8](repeating: 5, count: AESGCM.nonceByteCount)
        let plaintext = Array("forty bytes, or a little less than that".utf8)
        let whole = try #require(sealed(cipher, plaintext, nonce: nonce, header: [1]))
        for index in whole.indices {
            for bit in 0..<8 {
                var turned = whole
                turned[index] ^= 1 << bit
                let outcome = opening(cipher, turned, nonce: nonce, header: [1]).outcome
                #expect(outcome == .wrongTag, "bit \(bit) of byte \(index)")
            }
            let outcome = opening(cipher, Array(whole[..<index]), nonce: nonce, header: [1]).outcome
            #expect(outcome == .wrongTag, "cut to \(index)")
        }
        #expect(opening(cipher, whole, nonce: nonce + [0], header: [1]).outcome == .unavailable)
        #expect(sealed(cipher, plaintext, nonce: [], header: [1]) == nil)
        #expect(opened(cipher, whole, nonce: nonce, header: [1]) == plaintext)
    }

    /// Seals and opens below so many other calls, each of which holds a context.
    private func nested(_ cipher: AESGCM, _ depth: Int) {
        guard depth > 0 else { return }
        _ = cipher.withContext { _ in
            let plaintext = [UInt8](repeating: UInt8(depth), count: 40)
            let nonce = [UInt8](repeating: UInt8(depth), count: AESGCM.nonceByteCount)
            let sealed = sealed(cipher, plaintext, nonce: nonce, header: [])
            #expect(sealed.flatMap { opened(cipher, $0, nonce: nonce, header: []) } == plaintext, "\(depth)")
            nested(cipher, depth - 1)
        }
    }

    @Test("lends more contexts than it keeps, and keeps no more than it may", arguments: [0, 1, 8])
    func lent(idleMax: Int) {
        let cipher = AESGCM(Self.key, idleMax: idleMax)
        nested(cipher, idleMax + 2)
        #expect(cipher.idleCount == idleMax)
        nested(cipher, 1)
        #expect(cipher.idleCount == idleMax)
    }

    @Test("a subkey that opens keeps one context, the one that seals keeps eight: 1,024 may be kept of the former")
    func subkeys() throws {
        let subkeys = Subkeys(try #require(KeyBytes([UInt8](repeating: 7, count: 32))), id: Array("a".utf8))
        let bits = Bits()
        let sealing = subkeys.forSealing(Fixture.now, randomBits: bits.next)
        nested(sealing.cipher, 12)
        #expect(sealing.cipher.idleCount == 8)
        let opening = subkeys.forOpening(sealing.salt).cipher
        nested(opening, 12)
        #expect(opening.idleCount == 1)
    }

    @Test("gives no thread another's message: many at once, each with its own nonce, both ways")
    func threads() async throws {
        let cipher = AESGCM(Self.key)
        let failures = await withTaskGroup(of: Int.self) { group in
            for task in 0..<16 {
                group.addTask {
                    (0..<300).count { round in
                        let nonce = (0..<12).map {
                            UInt8(truncatingIfNeeded: $0 < 4 ? task : round >> (8 * min($0 - 4, 3)))
                        }
                        let plaintext = [UInt8](repeating: UInt8(task), count: 100 + round % 50)
                        let sealed = sealed(cipher, plaintext, nonce: nonce, header: [UInt8(task)])
                        return sealed.flatMap { opened(cipher, $0, nonce: nonce, header: [UInt8(task)]) } != plaintext
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures == 0)
    }
}
