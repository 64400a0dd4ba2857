import Foundation
import JWTKit
import Testing

@testable import Identity

/// JWTKit as an issuer that shares no code with this gateway: it makes keys, publishes and signs.
@Suite("Tokens of JWTKit")
struct JWTKitIssuerTests {
    private struct Claims: JWTPayload {
        var iss = "https://idp.example.com"
        var aud = ["intentusnet"]
        var sub = "alice"
        var exp = Int(TestIssuer.now) + 600
        var iat = Int(TestIssuer.now)
        var roles = ["operator"]
        var tenant = "acme"

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private static let keyID = JWKIdentifier(string: "jwtkit-1")

    private func check(_ keys: JWTKeyCollection, _ algorithm: SignatureAlgorithm, _ members: [String: String])
        async throws
    {
        let token = Array(try await keys.sign(Claims(), kid: Self.keyID).utf8)
        let texts = members.map { "\"\($0)\":\"\($1)\"" } + ["\"kid\":\"jwtkit-1\""]
        let keySet = try KeySet(parsingJWKS: Array("{\"keys\":[{\(texts.joined(separator: ","))}]}".utf8))
        let verifier = TokenVerifier(
            issuers: [IssuerPolicy(issuer: Claims().iss, audiences: ["intentusnet"], algorithms: [algorithm])],
            cacheEntries: 0)
        verifier.replaceKeys(issuer: 0, with: keySet)
        let verified = try #require(verifier.verified(token), "\(String(describing: verifier.refusal(token)))")
        #expect(verified.subject == "alice")
        #expect(verified.roles == ["operator"])
        #expect(verified.tenant == "acme")
        var broken = token
        broken[broken.count - 10] =
            broken[broken.count - 10] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(verifier.refusal(broken) == .badSignature)
    }

    private func url(_ base64: String) -> String {
        base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    /// JWTKit reads RSA keys and makes none.
    private func rsaKey() throws -> Insecure.RSA.PrivateKey {
        try Insecure.RSA.PrivateKey(
            modulus: TestKey.rsa.jwkMembers["n"] ?? "", exponent: "AQAB", privateExponent: TestKey.rsa.privateNumber)
    }

    private func rsaMembers(_ key: Insecure.RSA.PrivateKey) throws -> [String: String] {
        let primitives = try key.publicKey.getKeyPrimitives()
        return [
            "kty": "RSA", "n": url(primitives.modulus.base64EncodedString()),
            "e": url(primitives.publicExponent.base64EncodedString()),
        ]
    }

    @Test("S2 RS256")
    func rs256() async throws {
        let key = try rsaKey()
        let keys = await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256, kid: Self.keyID)
        try await check(keys, .rs256, try rsaMembers(key))
    }

    @Test("S2 PS256")
    func ps256() async throws {
        let key = try rsaKey()
        let keys = await JWTKeyCollection().add(pss: key, digestAlgorithm: .sha256, kid: Self.keyID)
        try await check(keys, .ps256, try rsaMembers(key))
    }

    @Test("S2 ES256")
    func es256() async throws {
        let key = ES256PrivateKey()
        let keys = await JWTKeyCollection().add(ecdsa: key, kid: Self.keyID)
        let parameters = try #require(key.publicKey.parameters)
        try await check(keys, .es256, ["kty": "EC", "crv": "P-256", "x": url(parameters.x), "y": url(parameters.y)])
    }

    @Test("S2 ES384")
    func es384() async throws {
        let key = ES384PrivateKey()
        let keys = await JWTKeyCollection().add(ecdsa: key, kid: Self.keyID)
        let parameters = try #require(key.publicKey.parameters)
        try await check(keys, .es384, ["kty": "EC", "crv": "P-384", "x": url(parameters.x), "y": url(parameters.y)])
    }

    @Test("S2 EdDSA")
    func eddsa() async throws {
        let key = try EdDSA.PrivateKey(curve: .ed25519)
        let keys = await JWTKeyCollection().add(eddsa: key, kid: Self.keyID)
        let x = url(key.publicKey.rawRepresentation.base64EncodedString())
        try await check(keys, .eddsa, ["kty": "OKP", "crv": "Ed25519", "x": x])
    }
}
