import Testing

@testable import Identity

@Suite("Form of tokens and their headers")
struct TokenFormatTests {
    private let issuer = TestIssuer.standard

    private func refusal(header: String) throws -> TokenRefusal? {
        try issuer.verifier().refusal(issuer.token(header: header))
    }

    @Test(
        "S1 anything but three non-empty parts is refused",
        arguments: [
            "", ".", "..", "...", "a", "a.b", "a..b", ".a.b", "a.b.", "a.b.c.d", "a.b.c.d.e", "{}",
            "{\"payload\":\"\"}",
        ])
    func parts(_ text: String) throws {
        #expect(try issuer.verifier().refusal(Array(text.utf8))?.isMalformed == true)
    }

    @Test(
        "S1 a good token with a fourth part, a space, a line break or padding is refused",
        arguments: [".", ".x", " ", "\n", "="])
    func appended(_ tail: String) throws {
        let verifier = try issuer.verifier()
        #expect(verifier.refusal(issuer.token() + Array(tail.utf8))?.isMalformed == true)
        #expect(verifier.refusal(Array(tail.utf8) + issuer.token()) != nil)
    }

    @Test("a second spelling of the same signature is refused: trailing bits must be zero")
    func trailingBits() throws {
        var token = issuer.token()
        // 256 bytes leave four bits in the last character: setting one of them decodes to the same bytes elsewhere.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let last = try #require(alphabet.firstIndex(of: token[token.count - 1]))
        #expect(last % 16 == 0)
        token[token.count - 1] = alphabet[last + 1]
        #expect(try issuer.verifier().refusal(token)?.isMalformed == true)
    }

    @Test(
        "S3 crit, b64 and zip are refused whatever they say",
        arguments: [
            "\"crit\":[]", "\"crit\":[\"exp\"]", "\"crit\":null", "\"crit\":[\"b64\"],\"b64\":false", "\"b64\":false",
            "\"b64\":true", "\"zip\":\"DEF\"", "\"cr\\u0069t\":[\"x\"]",
        ])
    func extensions(_ member: String) throws {
        #expect(try refusal(header: "{\"alg\":\"RS256\",\"kid\":\"key-1\",\(member)}")?.isMalformed == true)
    }

    @Test(
        "S4 a token that brings or points to a key is refused",
        arguments: [
            "\"jku\":\"https://evil.example/jwks\"", "\"x5u\":\"https://evil.example/cert\"", "\"x5c\":[\"MIIB\"]",
            "\"jwk\":{\"kty\":\"RSA\"}", "\"jku\":null", "\"j\\u006bu\":\"https://evil.example\"",
        ])
    func ownKeys(_ member: String) throws {
        #expect(try refusal(header: "{\"alg\":\"RS256\",\"kid\":\"key-1\",\(member)}")?.isMalformed == true)
    }

    @Test(
        "S4 a kid that is not a plain name is refused",
        arguments: [
            "\"../../../../dev/null\\u0000\"", "\"' OR 1=1 --\"", "\"key 1\"", "\"\"", "\"k\\n\"", "1", "null",
            "[\"key-1\"]",
            "{}", "\"ключ\"", "\"\(String(repeating: "k", count: 129))\"", "\"a|b\"", "\"$(id)\"",
        ])
    func keyIDs(_ kid: String) throws {
        #expect(try refusal(header: "{\"alg\":\"RS256\",\"kid\":\(kid)}")?.isMalformed == true)
    }

    @Test("S4 a path as kid is only a name that no key has")
    func pathAsKeyID() throws {
        let token = issuer.token(header: "{\"alg\":\"RS256\",\"kid\":\"../../etc/passwd\"}")
        guard case .needsKeys(issuer: 0) = try issuer.verifier().verify(token) else {
            Issue.record("a kid of allowed characters is looked up and not found")
            return
        }
    }

    @Test("a kid spelled with escapes is the kid it spells")
    func escapedKeyID() throws {
        let token = issuer.token(header: "{\"alg\":\"RS256\",\"kid\":\"key\\u002d1\"}")
        #expect(try issuer.verifier().verified(token) != nil)
    }

    @Test(
        "typ is JWT or at+jwt in any case, or absent",
        arguments: ["\"JWT\"", "\"jwt\"", "\"at+jwt\"", "\"AT+JWT\"", nil])
    func types(_ type: String?) throws {
        let member = type.map { ",\"typ\":\($0)" } ?? ""
        #expect(
            try issuer.verifier().verified(issuer.token(header: "{\"alg\":\"RS256\",\"kid\":\"key-1\"\(member)}"))
                != nil)
    }

    @Test(
        "S5 a token of another type is refused",
        arguments: ["\"logout+jwt\"", "\"secevent+jwt\"", "\"\"", "1", "null", "\"JWE\"", "\"K\u{212A}T\""])
    func otherTypes(_ type: String) throws {
        #expect(try refusal(header: "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"typ\":\(type)}")?.isMalformed == true)
    }

    @Test(
        "S5 a header that is no JSON object, or holds a key twice, is refused",
        arguments: [
            "", "[]", "null", "\"RS256\"", "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"key-1\"}",
            "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\"}",
            "{\"alg\":[\"RS256\"]}", "{\"alg\":null}", "{\"kid\":\"key-1\"}", "{\"alg\":\"RS256\"}x",
            "{\"alg\":\"RS256\",}", "\u{FEFF}{\"alg\":\"RS256\"}",
            "{'alg':'RS256'}", "{\"alg\":\"RS256\",\"x\":{\"y\":1,\"y\":2}}", "{\"alg\":\"RS256\",\"x\":NaN}",
            "{\"alg\":\"RS256\",\"x\":1e999}",
        ])
    func headers(_ header: String) throws {
        #expect(try refusal(header: header)?.isMalformed == true)
    }

    @Test("a header above 1 KiB and a token above 8 KiB are refused")
    func sizes() throws {
        let padding = String(repeating: "p", count: 1_000)
        #expect(try refusal(header: "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"p\":\"\(padding)\"}")?.isMalformed == true)
        let verifier = try issuer.verifier()
        let fits = issuer.token(["p": "\"\(String(repeating: "p", count: 5_000))\""])
        #expect(verifier.verified(fits) != nil)
        let tooLong = issuer.token(["p": "\"\(String(repeating: "p", count: 6_200))\""])
        #expect(tooLong.count > 8_192)
        #expect(verifier.refusal(tooLong)?.isMalformed == true)
    }

    @Test("invalid UTF-8 is refused in header and claims")
    func invalidUTF8() throws {
        let header = Array("{\"alg\":\"RS256\",\"kid\":\"key-1\",\"x\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
        let claims = Array("{\"iss\":\"\(issuer.name)\",\"sub\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        let verifier = try issuer.verifier()
        #expect(verifier.refusal(issuer.token(claimBytes: Array("{}".utf8), headerBytes: header))?.isMalformed == true)
        #expect(
            verifier.refusal(issuer.token(claimBytes: claims, headerBytes: Array(issuer.header.utf8)))?.isMalformed
                == true)
    }

    @Test("a token without kid needs a key that is alone in fitting its algorithm")
    func withoutKeyID() throws {
        let token = issuer.token(header: "{\"alg\":\"RS256\"}")
        let alone = try issuer.verifier()
        #expect(alone.verified(token) != nil)
        let besideCurve = try KeySet(parsingJWKS: jwks(issuer.key.jwk(), TestKey.p256.jwk(kid: "key-2")))
        alone.replaceKeys(issuer: 0, with: besideCurve)
        #expect(alone.verified(token) != nil)
        let two = try KeySet(parsingJWKS: jwks(issuer.key.jwk(), TestKey.otherRSA.jwk(kid: "key-2")))
        alone.replaceKeys(issuer: 0, with: two)
        #expect(alone.refusal(token) == .unknownKey(nil))
    }

    @Test("messages and reasons tell no byte of the token")
    func messages() {
        let refusals: [TokenRefusal] = [
            .malformed("x"), .unsupportedAlgorithm, .unknownIssuer, .unknownKey("secret-kid"), .badSignature, .expired,
            .notYetValid, .issuedInFuture, .wrongAudience, .missingClaim("exp"), .lifetimeTooLong,
            .keysUnavailable(issuer: "https://secret.example", retryAfterSeconds: 3),
        ]
        #expect(Set(refusals.map(\.reason)).count == refusals.count)
        for refusal in refusals {
            #expect(!refusal.message.contains("secret"))
            #expect(refusal.reason.allSatisfy { $0.isLowercase || $0 == "_" })
        }
    }
}
