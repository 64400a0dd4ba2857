@testable import Identity

/// An issuer with one key, whose tokens can be wrong in any way.
struct TestIssuer: Sendable {
    static let now: Int64 = 1_760_000_000

    var name = "https://idp.example.com"
    var key = TestKey.rsa
    var algorithm = SignatureAlgorithm.rs256
    var keyID = "key-1"

    static let standard = TestIssuer()

    static func of(_ algorithm: SignatureAlgorithm) -> TestIssuer {
        TestIssuer(key: TestKey.of(algorithm), algorithm: algorithm)
    }

    var header: String { "{\"alg\":\"\(algorithm.rawValue)\",\"kid\":\"\(keyID)\",\"typ\":\"JWT\"}" }

    /// The claims of a good token as JSON texts.
    var claims: [String: String] {
        [
            "iss": "\"\(name)\"", "aud": "\"intentusnet\"", "sub": "\"alice\"", "exp": "\(Self.now + 3600)",
            "iat": "\(Self.now)", "nbf": "\(Self.now)", "jti": "\"id-1\"",
            "roles": "[\"operator\",\"auditor\"]", "tenant": "\"acme\"",
        ]
    }

    /// A token whose claims are the good ones with changes; nil removes a claim.
    func token(_ changes: [String: String?] = [:], header: String? = nil) -> [UInt8] {
        var members = claims
        for (name, value) in changes { members[name] = value }
        let texts = members.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }
        return token(claimsText: "{" + texts.joined(separator: ",") + "}", header: header)
    }

    /// A token of exactly these texts, properly signed.
    func token(claimsText: String, header: String? = nil) -> [UInt8] {
        token(claimBytes: Array(claimsText.utf8), headerBytes: Array((header ?? self.header).utf8))
    }

    /// A token of exactly these bytes, properly signed.
    func token(claimBytes: [UInt8], headerBytes: [UInt8]) -> [UInt8] {
        let signed = Array((base64URL(headerBytes) + "." + base64URL(claimBytes)).utf8)
        return signed + Array(("." + base64URL(key.sign(signed, algorithm))).utf8)
    }

    /// Its policy; every algorithm it may need is allowed.
    var policy: IssuerPolicy {
        IssuerPolicy(issuer: name, audiences: ["intentusnet", "other"], algorithms: [algorithm])
    }

    var keySetBytes: [UInt8] { jwks(key.jwk(kid: keyID, ["alg": algorithm.rawValue, "use": "sig"])) }

    /// A verifier that knows this issuer and its key.
    func verifier(cacheEntries: Int = 0, _ change: (inout IssuerPolicy) -> Void = { _ in }) throws -> TokenVerifier {
        var policy = policy
        change(&policy)
        let verifier = TokenVerifier(issuers: [policy], cacheEntries: cacheEntries)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: keySetBytes))
        return verifier
    }
}

extension TokenVerifier {
    /// Verifies at the time of the tests.
    func verify(_ token: [UInt8], after seconds: Int64 = 0) -> Outcome {
        verify(token[...], nowSeconds: TestIssuer.now + seconds)
    }

    func refusal(_ token: [UInt8], after seconds: Int64 = 0) -> TokenRefusal? {
        if case .refused(let refusal) = verify(token, after: seconds) { refusal } else { nil }
    }

    func verified(_ token: [UInt8], after seconds: Int64 = 0) -> VerifiedToken? {
        if case .verified(let token) = verify(token, after: seconds) { token } else { nil }
    }
}

extension TokenRefusal {
    /// Whether it is a malformed token, whatever the words.
    var isMalformed: Bool { if case .malformed = self { true } else { false } }
}
