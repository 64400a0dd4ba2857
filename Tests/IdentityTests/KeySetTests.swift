import Testing

@testable import Identity

@Suite("Key sets")
struct KeySetTests {
    private func error(_ bytes: [UInt8]) -> KeySetError? {
        do throws(KeySetError) {
            _ = try KeySet(parsingJWKS: bytes)
            return nil
        } catch {
            return error
        }
    }

    /// What is said about a bad key that stands beside a good one; nil when it is left out in silence.
    private func rejection(_ key: String) throws -> String? {
        let keySet = try KeySet(parsingJWKS: jwks(TestKey.p256.jwk(kid: "good"), key))
        #expect(keySet.count == 1)
        return keySet.rejections.first
    }

    @Test("keys of every type are read")
    func types() throws {
        let keySet = try KeySet(
            parsingJWKS: jwks(
                TestKey.rsa.jwk(kid: "r"), TestKey.p256.jwk(kid: "a"), TestKey.p384.jwk(kid: "b"),
                TestKey.ed25519.jwk(kid: "e")))
        #expect(keySet.count == 4)
        #expect(keySet.rejections.isEmpty)
        #expect(keySet.entries.map(\.verifier.algorithm) == [.rs256, .ps256, .es256, .es384, .eddsa])
    }

    @Test(
        "documents that are no key set are refused",
        arguments: [
            "", "null", "[]", "{}", "{\"keys\":{}}", "{\"keys\":null}", "{\"keys\":[1]}", "{\"keys\":[]}}",
            "{\"keys\":[],\"keys\":[]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"kty\":\"EC\"}]}", "\u{FEFF}{\"keys\":[]}",
        ])
    func malformed(_ text: String) {
        guard case .malformed? = error(Array(text.utf8)) else {
            Issue.record("\(text) was not refused as malformed")
            return
        }
    }

    @Test("S8 a set without a usable key is refused, never replaced by another")
    func empty() {
        #expect(error(Array("{\"keys\":[]}".utf8)) == .noUsableKey(""))
        let encryption = jwks(TestKey.rsa.jwk(["use": "enc"]), TestKey.rsa.jwk(["key_ops": "[\"encrypt\"]"]))
        #expect(error(encryption) == .noUsableKey(""))
    }

    @Test("S9 more than 512 KiB or 64 keys are refused")
    func limits() {
        let key = TestKey.p256
        let keys = (0..<65).map { key.jwk(kid: "key-\($0)") }
        func set(_ count: Int) -> [UInt8] { Array("{\"keys\":[\(keys[..<count].joined(separator: ","))]}".utf8) }
        #expect(error(set(64)) == nil)
        guard case .tooLarge? = error(set(65)) else {
            Issue.record("65 keys were taken")
            return
        }
        let padding = String(repeating: " ", count: KeySet.bytesMax)
        guard case .tooLarge? = error(jwks(key.jwk()) + Array(padding.utf8)) else {
            Issue.record("more than 512 KiB were taken")
            return
        }
    }

    @Test("two keys with one id are refused; ids of encryption keys do not count")
    func duplicateKeyIDs() {
        #expect(error(jwks(TestKey.rsa.jwk(), TestKey.p256.jwk())) == .duplicateKeyID("key-1"))
        #expect(error(jwks(TestKey.rsa.jwk(["use": "enc"]), TestKey.p256.jwk())) == nil)
    }

    @Test("S8 a private key in a set is refused by name", arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
    func privateMembers(_ member: String) throws {
        let key = TestKey.rsa.jwk([member: TestKey.rsa.privateNumber])
        #expect(try rejection(key)?.contains("private member '\(member)'") == true)
    }

    @Test("S1 a symmetric key is refused")
    func symmetric() throws {
        #expect(
            try rejection("{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"AAAA\",\"alg\":\"HS256\"}")?.contains("private")
                == true)
    }

    @Test("S9 RSA keys below 2048 and above 8192 bits, or with another exponent, are refused")
    func rsaSizes() throws {
        #expect(try rejection(TestKey(.rsa(bits: 1024)).jwk())?.contains("1024 bits") == true)
        let huge = base64URL([UInt8](repeating: 0xFF, count: 1_025))
        #expect(try rejection(TestKey.rsa.jwk(["n": huge]))?.contains("8200 bits") == true)
        for exponent in ["Aw", "AQ", "AA", "AQAC", "AQABAA", ""] {
            #expect(try rejection(TestKey.rsa.jwk(["e": exponent])) != nil, "\(exponent)")
        }
        let even = base64URL([0xFF] + [UInt8](repeating: 0xFE, count: 255))
        #expect(try rejection(TestKey.rsa.jwk(["n": even])) != nil)
        #expect(try KeySet(parsingJWKS: jwks(TestKey(.rsa(bits: 3072)).jwk())).count == 1)
    }

    @Test("a point that is not on its curve is refused, as are coordinates of other lengths")
    func points() throws {
        let x = try #require(TestKey.p256.jwkMembers["x"])
        #expect(try rejection(TestKey.p256.jwk(["y": x])) != nil)
        #expect(
            try rejection(
                TestKey.p256.jwk([
                    "x": base64URL([UInt8](repeating: 0, count: 32)), "y": base64URL([UInt8](repeating: 0, count: 32)),
                ])) != nil)
        #expect(try rejection(TestKey.p256.jwk(["x": base64URL([UInt8](repeating: 1, count: 31))])) != nil)
        #expect(try rejection(TestKey.p256.jwk(["crv": "P-384"])) != nil)
        #expect(try rejection(TestKey.ed25519.jwk(["x": "AA"])) != nil)
    }

    @Test("S1 an alg that does not fit the type is refused; one that nothing here uses is left out")
    func algorithms() throws {
        #expect(try rejection(TestKey.rsa.jwk(["alg": "ES256"])) != nil)
        #expect(try rejection(TestKey.p384.jwk(["alg": "ES256"])) != nil)
        #expect(try rejection(TestKey.rsa.jwk(["alg": "RSA-OAEP"])) == nil)
        #expect(try rejection(TestKey.rsa.jwk(["alg": "RS512"])) == nil)
    }

    @Test(
        "members of other types, padding and ids that no token may have are refused",
        arguments: [
            ["n": "[1]"], ["n": "AQ=="], ["n": "++++"], ["kid": "a b"], ["kid": "[\"a\"]"], ["alg": "[\"RS256\"]"],
            ["kty": "[\"RSA\"]"],
        ])
    func members(_ changes: [String: String]) throws {
        #expect(try rejection(TestKey.rsa.jwk(changes)) != nil)
    }

    @Test("x5c, x5u and unknown members are ignored")
    func ignored() throws {
        let key = TestKey.rsa.jwk(["x5c": "[\"MIIB\"]", "x5u": "https://evil.example", "ext": "{}"])
        #expect(try KeySet(parsingJWKS: jwks(key)).count == 1)
    }

    @Test("sets are equal by their keys, not by their order or spelling")
    func equality() throws {
        let one = try KeySet(parsingJWKS: jwks(TestKey.rsa.jwk(kid: "r"), TestKey.p256.jwk(kid: "p")))
        let other = try KeySet(parsingJWKS: jwks(TestKey.p256.jwk(kid: "p", ["use": "sig"]), TestKey.rsa.jwk(kid: "r")))
        let renamed = try KeySet(parsingJWKS: jwks(TestKey.rsa.jwk(kid: "x"), TestKey.p256.jwk(kid: "p")))
        #expect(one.hasSameKeys(as: other))
        #expect(!one.hasSameKeys(as: renamed))
    }
}
