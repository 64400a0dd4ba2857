import Testing

@testable import Identity

@Suite("Claims of tokens")
struct ClaimTests {
    private let issuer = TestIssuer.standard

    private func refusal(_ changes: [String: String?], after seconds: Int64 = 0) throws -> TokenRefusal? {
        try issuer.verifier().refusal(issuer.token(changes), after: seconds)
    }

    @Test("S5 required claims that are absent are named", arguments: ["iss", "aud", "exp", "sub"])
    func missing(_ name: String) throws {
        #expect(try refusal([name: nil]) == .missingClaim(name))
    }

    @Test(
        "S5 iss must be exactly the issuer's",
        arguments: [
            "\"https://idp.example.com/\"", "\"https://idp.example.com.evil.example\"", "\"HTTPS://idp.example.com\"",
            "\"\"",
            "\"https://idp.example.co\"",
        ])
    func otherIssuers(_ iss: String) throws {
        #expect(try refusal(["iss": iss]) == .unknownIssuer)
    }

    @Test("S5 iss of another type is refused", arguments: ["null", "1", "[\"https://idp.example.com\"]", "{}"])
    func issuerTypes(_ iss: String) throws {
        #expect(try refusal(["iss": iss])?.isMalformed == true)
    }

    @Test("iss with escaped slashes is the issuer it spells")
    func escapedIssuer() throws {
        let token = issuer.token(["iss": "\"https:\\/\\/idp.example.com\""])
        #expect(try issuer.verifier().verified(token)?.issuer == issuer.name)
    }

    @Test(
        "S5 one audience that matches is enough",
        arguments: [
            "\"intentusnet\"", "\"other\"", "[\"intentusnet\"]", "[\"x\",\"intentusnet\"]", "[\"intentus\\u006eet\"]",
        ])
    func audiences(_ aud: String) throws {
        #expect(try issuer.verifier().verified(issuer.token(["aud": aud])) != nil)
    }

    @Test(
        "S5 an audience that is not ours is refused",
        arguments: ["\"\"", "[]", "\"intentusnet2\"", "[\"Intentusnet\"]", "\"intentusnet other\""])
    func otherAudiences(_ aud: String) throws {
        #expect(try refusal(["aud": aud]) == .wrongAudience)
    }

    @Test(
        "S5 an audience of another type is refused, also beside one that matches",
        arguments: [
            "null", "1", "{}", "true", "[[\"intentusnet\"]]", "[\"intentusnet\",1]", "[null,\"intentusnet\"]",
            "{\"intentusnet\":1}",
        ])
    func audienceTypes(_ aud: String) throws {
        #expect(try refusal(["aud": aud])?.isMalformed == true)
    }

    @Test("S5 no audience configured lets nothing in")
    func noAudience() throws {
        #expect(try issuer.verifier { $0.audiences = [] }.refusal(issuer.token()) == .wrongAudience)
    }

    @Test(
        "S5 claims that are no object are refused",
        arguments: [
            "[]", "null", "\"x\"", "1", "[{\"iss\":\"https://idp.example.com\"}]", "", "{", "{\"iss\"}",
            "{\"iss\":\"a\",}", "{}{}",
        ])
    func noObject(_ claims: String) throws {
        #expect(try issuer.verifier().refusal(issuer.token(claimsText: claims))?.isMalformed == true)
    }

    @Test(
        "S5 a claim that stands twice is refused at any level and in any spelling",
        arguments: [
            "\"sub\":\"bob\"", "\"s\\u0075b\":\"bob\"", "\"x\":{\"y\":1,\"y\":1}",
            "\"x\":[{\"y\":{\"z\":1,\"\\u007a\":1}}]",
        ])
    func duplicates(_ member: String) throws {
        let good = String(decoding: issuer.token().split(separator: UInt8(ascii: "."))[1], as: UTF8.self)
        var claims = String(decoding: try #require(Base64URL.decode(good)), as: UTF8.self)
        claims.removeLast()
        let refusal = try issuer.verifier().refusal(issuer.token(claimsText: claims + "," + member + "}"))
        #expect(refusal?.isMalformed == true)
        #expect(refusal?.message.contains("twice") == true)
    }

    @Test(
        "S5 times must be finite numbers",
        arguments: [
            "\"1760003600\"", "null", "true", "[]", "{}", "-1", "1e400", "1e300", "253402300800",
            "99999999999999999999", "NaN",
            "Infinity", "0x10", "01", "1.", ".5", "+1",
        ], ["exp", "nbf", "iat"])
    func timeTypes(_ time: String, _ claim: String) throws {
        #expect(try refusal([claim: time])?.isMalformed == true)
    }

    @Test("decimals and exponents are times as well")
    func decimalTimes() throws {
        let token = issuer.token(["exp": "1760000100.5", "iat": "1.76e9", "nbf": "1759999999.25"])
        let verifier = try issuer.verifier { $0.leewaySeconds = 0 }
        #expect(verifier.verified(token, after: 100) != nil)
        #expect(verifier.refusal(token, after: 101) == .expired)
    }

    @Test("S6 exp counts with the leeway and not a second more", arguments: [0, 60, 300])
    func expiry(_ leeway: Int) throws {
        let verifier = try issuer.verifier { $0.leewaySeconds = leeway }
        let token = issuer.token()
        #expect(verifier.verified(token, after: 3600 + Int64(leeway) - 1) != nil)
        #expect(verifier.refusal(token, after: 3600 + Int64(leeway)) == .expired)
    }

    @Test("S6 a leeway above 300 s counts as 300 s, one below 0 as 0")
    func leewayBounds() throws {
        let token = issuer.token()
        let generous = try issuer.verifier { $0.leewaySeconds = 86_400 }
        #expect(generous.verified(token, after: 3_899) != nil)
        #expect(generous.refusal(token, after: 3_900) == .expired)
        #expect(try issuer.verifier { $0.leewaySeconds = -100 }.verified(token, after: 3_599) != nil)
    }

    @Test("S6 nbf and iat may lie ahead by the leeway and not a second more")
    func notBefore() throws {
        #expect(try refusal(["nbf": "\(TestIssuer.now + 61)"]) == .notYetValid)
        #expect(try refusal(["nbf": "\(TestIssuer.now + 60)"]) == nil)
        #expect(try refusal(["iat": "\(TestIssuer.now + 61)"]) == .issuedInFuture)
        #expect(try refusal(["iat": "\(TestIssuer.now + 60)"]) == nil)
    }

    @Test("S6 a token may not live longer than its issuer's tokens may")
    func lifetime() throws {
        let day: Int64 = 86_400
        #expect(try refusal(["exp": "\(TestIssuer.now + day)"]) == nil)
        #expect(try refusal(["exp": "\(TestIssuer.now + day + 1)"]) == .lifetimeTooLong)
        let year = issuer.token(["exp": "\(TestIssuer.now + 365 * day)"])
        #expect(try issuer.verifier { $0.maxLifetimeSeconds = nil }.verified(year) != nil)
        let withoutIssue = issuer.token(["exp": "\(TestIssuer.now + 365 * day)", "iat": nil])
        #expect(try issuer.verifier().refusal(withoutIssue) == .lifetimeTooLong)
        let shortWithoutIssue = issuer.token(["exp": "\(TestIssuer.now + day)", "iat": nil])
        #expect(try issuer.verifier().verified(shortWithoutIssue) != nil)
    }

    @Test(
        "S12 S29 a subject that could break out of a header or log line is refused",
        arguments: [
            "\"\"", "null", "1", "[\"alice\"]", "\"a\\nb\"", "\"a\\u0000\"", "\"a\\u007f\"", "\"a\\u0085b\"",
            "\"\(String(repeating: "s", count: 257))\"",
        ])
    func subjects(_ sub: String) throws {
        #expect(try refusal(["sub": sub])?.isMalformed == true)
    }

    @Test("subjects of 256 bytes and of any script are taken; the chain entry is JSON")
    func goodSubjects() throws {
        let verifier = try issuer.verifier()
        #expect(verifier.verified(issuer.token(["sub": "\"\(String(repeating: "s", count: 256))\""])) != nil)
        let token = try #require(
            verifier.verified(issuer.token(["sub": "\"Zoë \\\"x\\\\y\\\" \\u00e9\\ud83d\\ude00\""])))
        #expect(token.subject == "Zoë \"x\\y\" é😀")
        #expect(token.chainUserEntry == Array("user:Zoë \\\"x\\\\y\\\" é😀".utf8))
    }

    @Test("roles are a list or a string with spaces; absent means none")
    func roles() throws {
        let verifier = try issuer.verifier()
        func roles(_ text: String?) -> [String]? { verifier.verified(issuer.token(["roles": text]))?.roles }
        #expect(roles(nil) == [])
        #expect(roles("[]") == [])
        #expect(roles("\"\"") == [])
        #expect(roles("\"a\"") == ["a"])
        #expect(roles("\"a b  c\"") == ["a", "b", "c"])
        #expect(roles("[\"a b\",\"c\\u0064\"]") == ["a b", "cd"])
    }

    @Test(
        "roles of any other shape are refused",
        arguments: [
            "null", "1", "{}", "{\"admin\":true}", "[1]", "[\"a\",null]", "[[\"a\"]]", "[\"\"]", "true", "[\"a\\nb\"]",
        ])
    func otherRoles(_ roles: String) throws {
        #expect(try refusal(["roles": roles])?.isMalformed == true)
    }

    @Test("roles and tenant are found on nested paths")
    func nestedPaths() throws {
        let verifier = try issuer.verifier {
            $0.rolesClaim = ClaimPath("realm_access.roles") ?? .roles
            $0.tenantClaim = ClaimPath("org.unit.name") ?? .tenant
        }
        let token = issuer.token([
            "realm_access": "{ \"x\": [ ], \"roles\": [ \"a\" , \"b\" ] }", "org": "{\"unit\":{\"name\":\"t\"}}",
        ])
        #expect(verifier.verified(token)?.roles == ["a", "b"])
        #expect(verifier.verified(token)?.tenant == "t")
        #expect(verifier.verified(issuer.token(["realm_access": "{}"]))?.roles == [])
        #expect(verifier.verified(issuer.token(["org": "{\"unit\":{}}"]))?.tenant == .some(nil))
        #expect(verifier.refusal(issuer.token(["realm_access": "[\"roles\"]"]))?.isMalformed == true)
        #expect(verifier.refusal(issuer.token(["org": "{\"unit\":\"t\"}"]))?.isMalformed == true)
    }

    @Test("a namespaced claim is one name although it has dots")
    func namespacedClaim() throws {
        let verifier = try issuer.verifier { $0.rolesClaim = ClaimPath("https://example.com/roles") ?? .roles }
        #expect(verifier.verified(issuer.token(["https://example.com/roles": "[\"a\"]"]))?.roles == ["a"])
        #expect(verifier.verified(issuer.token(["https:\\/\\/example.com\\/roles": "[\"a\"]"]))?.roles == ["a"])
    }

    @Test("claim paths", arguments: ["", ".", "a.", ".a", "a..b", "a.b.c.d.e.f.g.h.i"])
    func badPaths(_ path: String) {
        #expect(ClaimPath(path) == nil)
    }

    @Test(
        "a tenant of any other shape is refused", arguments: ["null", "1", "[\"acme\"]", "{}", "\"\"", "\"a\\u0000b\""])
    func tenants(_ tenant: String) throws {
        #expect(try refusal(["tenant": tenant])?.isMalformed == true)
    }

    @Test("jti that is no string is not kept")
    func tokenIds() throws {
        let verifier = try issuer.verifier()
        let number = try #require(verifier.verified(issuer.token(["jti": "7"])))
        #expect(number.tokenId == nil)
    }
}
