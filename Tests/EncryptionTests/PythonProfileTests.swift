import Crypto
import IntentProtocol
import Testing

@testable import Encryption

/// Profile `v1` against what the Python package wrote and read.
@Suite("EMCL v1")
struct PythonProfileTests {
    private var rules: EMCLRules {
        var rules = EMCLRules()
        rules.profiles = [.v1]
        return rules
    }

    private func ring(_ text: String) throws -> KeyRing {
        let bytes = try #require(KeyBytes(pythonText: Secret(text)))
        return try KeyRing([#require(RingKey(id: "python", bytes: bytes, profile: .v1))])
    }

    private func frame(_ envelope: JSONObject) throws -> SealedFrame {
        try SealedFrame(parsingBody: envelope.encoded, bytesMax: 1 << 20)
    }

    @Test("opens what the package sealed, and seals it again byte for byte")
    func encrypted() throws {
        for vector in try Vectors.cases("emcl_aesgcm_encrypt") {
            let name = try vector.text("id")
            let ring = try ring(vector.text("key"))
            let used = ring.keys[0].bytes.key.withUnsafeBytes { HexDigits.text(of: Array($0)) }
            #expect(try used == vector.text("keyBytesUsedHex"), "\(name)")
            let envelope = try vector.object("envelope")
            let opened = try ring.open(
                frame(envelope), as: Fixture.fromAlice, under: rules, nowUnixMilliseconds: Fixture.now)
            #expect(try opened.plaintext == Array(vector.text("plaintextJSON").utf8), "\(name)")
            #expect(opened.context == nil)
            let again = MemoryWriter.body(bytesMax: KeyRing.pythonBodyBytesMax(opened.plaintext[...])) {
                KeyRing.appendPythonBody(opened.plaintext[...], ring.keys[0], opened.nonce, to: &$0)
            }
            #expect(again == envelope.encoded, "\(name)")
        }
    }

    /// What the package opens and we refuse, each with the reason.
    private static let deliberatelyRefused: [String: EMCLFailure.Reason] = [
        // Characters that are no base64 are skipped there: one message would have as many spellings as one likes.
        "b64_junk_chars_tolerated": .badEncoding,
        // An envelope and an answer are objects; an array must not reach a reader that is less strict.
        "plaintext_array_accepted": .notAnObject,
    ]

    @Test("decides as the package does, but for the leniencies named here")
    func decrypted() throws {
        var deliberate = 0
        for vector in try Vectors.cases("emcl_aesgcm_decrypt") {
            let name = try vector.text("id")
            let result = try vector.object("result")
            let isTaken = result["ok"] == .bool(true)
            let refusal: EMCLFailure.Reason?
            var plaintext: [UInt8] = []
            do {
                let opened = try ring(vector.text("key")).open(
                    frame(vector.object("envelope")), as: Fixture.fromAlice, under: rules,
                    nowUnixMilliseconds: Fixture.now)
                plaintext = opened.plaintext
                refusal = nil
            } catch let failure as EMCLFailure {
                refusal = failure.reason
            } catch SealedFrame.Fault.malformed {
                refusal = .malformed
            }
            if let expected = Self.deliberatelyRefused[name] {
                #expect(isTaken && refusal == expected, "\(name): \(String(describing: refusal))")
                deliberate += 1
            } else {
                #expect((refusal == nil) == isTaken, "\(name): \(String(describing: refusal))")
            }
            guard refusal == nil else { continue }
            #expect(try JSONValue(parsing: plaintext) == result["body"], "\(name)")
        }
        #expect(deliberate == Self.deliberatelyRefused.count)
    }

    @Test("writes the four members, a fresh nonce each time, and nothing of the key")
    func sealed() throws {
        let ring = try ring("0123456789abcdef0123456789abcdef")
        let bits = Bits()
        let first = try ring.sealed(Fixture.request, profile: .v1, bits: bits).frame
        let second = try ring.sealed(Fixture.request, profile: .v1, bits: bits).frame
        #expect(first != second)
        let frame = try #require(JSONValue(parsing: first).objectValue)
        #expect(frame.members.map(\.key) == ["protocol", "messageType", "headers", "body"])
        let body = try frame.object("body")
        #expect(body.members.map(\.key) == ["cipherText", "iv", "tag", "identityChain"])
        #expect(try body.text("tag") == "")
        #expect(try ring.refusal(Fixture.frame(first), rules: rules) == nil)
    }

    @Test("every changed byte of what is authenticated refuses it")
    func bitFlips() throws {
        let ring = try ring("0123456789abcdef0123456789abcdef")
        let body = try JSONValue(parsing: ring.sealed(Fixture.request, profile: .v1).frame).objectValue?.object("body")
        let sealed = try #require(body).encoded
        // `tag` and `identityChain` are under no seal, as the package has it, and nobody reads them.
        let end = try #require(sealed.firstRange(of: Array("\"tag\"".utf8))).lowerBound
        for index in sealed.indices[..<end] {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                guard let frame = try? SealedFrame(parsingBody: changed, bytesMax: 1 << 20) else { continue }
                #expect(ring.refusal(frame, rules: rules) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("tries the keys in order, tells which one opened, and is refused where it is not accepted")
    func keys() throws {
        let old = try Fixture.key("old", byte: 1, profile: .v1, opensUntil: Fixture.now + 1_000)
        let new = try Fixture.key("new", byte: 2, profile: .v1, activeFrom: 1)
        let ring = try KeyRing([old, new, Fixture.key("bound", byte: 3)])
        let sealed = try Fixture.frame(KeyRing([old]).sealed(Fixture.request, profile: .v1).frame)
        let opened = try ring.open(
            sealed, as: Fixture.fromAlice, under: rules, nowUnixMilliseconds: Fixture.now)
        #expect(opened.keyId == "old")
        #expect(opened.replayProof.scope == "emcl:v1:old")
        #expect(opened.replayProof.digest.count == 12)
        #expect(ring.refusal(sealed, rules: rules, at: Fixture.now + 1_000) == .wrongTag)
        #expect(ring.refusal(sealed) == .profileNotAccepted)
        let stranger = try KeyRing([Fixture.key("s", byte: 4, profile: .v1)])
        #expect(stranger.refusal(sealed, rules: rules) == .wrongTag)
        #expect(try KeyRing([Fixture.key()]).refusal(sealed, rules: rules) == .unknownKey)
        let bound = try Fixture.frame(ring.sealed(Fixture.request).frame)
        #expect(ring.refusal(bound, rules: rules) == .profileNotAccepted)
    }
}
