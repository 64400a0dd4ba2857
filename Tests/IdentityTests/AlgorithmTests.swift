import IntentProtocol
import Testing

@testable import Identity

@Suite("Algorithms of tokens")
struct AlgorithmTests {
    @Test("a good token of every algorithm is verified", arguments: SignatureAlgorithm.allCases)
    func good(_ algorithm: SignatureAlgorithm) throws {
        let issuer = TestIssuer.of(algorithm)
        let token = try #require(try issuer.verifier().verified(issuer.token()))
        #expect(token.subject == "alice")
        #expect(token.roles == ["operator", "auditor"])
        #expect(token.tenant == "acme")
        #expect(token.issuer == issuer.name)
        #expect(token.tokenId == "id-1")
        #expect(token.expiresAtSeconds == TestIssuer.now + 3600)
        #expect(token.chainUserEntry == Array("user:alice".utf8))
        #expect(token.claims["sub"]?.stringValue == "alice")
    }

    @Test(
        "S1 none, HMAC and unknown algorithms are refused before any key is looked for",
        arguments: [
            "none", "None", "nOnE", "HS256", "HS384", "HS512", "RS384", "RS512", "ES512", "rs256", "RS256 ", "",
        ])
    func notAllowed(_ name: String) throws {
        let issuer = TestIssuer.standard
        let header = "{\"alg\":\"\(name)\",\"kid\":\"key-1\"}"
        // Without keys an accepted algorithm would be answered with needsKeys.
        let keyless = TokenVerifier(issuers: [issuer.policy], cacheEntries: 0)
        #expect(keyless.refusal(issuer.token(header: header)) == .unsupportedAlgorithm)
    }

    @Test(
        "S1 an algorithm that exists and is not on the issuer's list is refused", arguments: SignatureAlgorithm.allCases
    )
    func offList(_ algorithm: SignatureAlgorithm) throws {
        let issuer = TestIssuer.of(algorithm)
        let others = Set(SignatureAlgorithm.allCases).subtracting([algorithm])
        let verifier = try issuer.verifier { $0.algorithms = others }
        #expect(verifier.refusal(issuer.token()) == .unsupportedAlgorithm)
    }

    @Test("S1 the default allows RS256 alone")
    func defaultList() {
        #expect(IssuerPolicy(issuer: "i", audiences: ["a"]).algorithms == [.rs256])
    }

    @Test("S1 an empty signature part is refused, also with alg none")
    func emptySignature() throws {
        let issuer = TestIssuer.standard
        for header in [issuer.header, "{\"alg\":\"none\"}"] {
            let token =
                base64URL(Array(header.utf8)) + "." + base64URL(Array("{\"iss\":\"\(issuer.name)\"}".utf8)) + "."
            #expect(try issuer.verifier().refusal(Array(token.utf8))?.isMalformed == true)
        }
    }

    @Test("S1 a token signed by one algorithm and labelled as another is refused")
    func confusion() throws {
        let all = Set(SignatureAlgorithm.allCases)
        for used in SignatureAlgorithm.allCases {
            let issuer = TestIssuer.of(used)
            // One key id names a key of each type, so nothing but the algorithm decides.
            let verifier = TokenVerifier(
                issuers: [IssuerPolicy(issuer: issuer.name, audiences: ["intentusnet"], algorithms: all)],
                cacheEntries: 0)
            let keySet = jwks(issuer.key.jwk())
            verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: keySet))
            for labelled in all where labelled != used {
                let header = "{\"alg\":\"\(labelled.rawValue)\",\"kid\":\"key-1\"}"
                let refusal = verifier.refusal(issuer.token(header: header))
                let bothRSA = Set([used, labelled]) == [.rs256, .ps256]
                #expect(refusal == (bothRSA ? .badSignature : .unknownKey("key-1")), "\(used) as \(labelled)")
            }
        }
    }

    @Test("S1 the alg of a JWK binds its key: RS256 keys do not verify PS256")
    func keyBinding() throws {
        var issuer = TestIssuer.of(.ps256)
        issuer.keyID = "key-1"
        let verifier = TokenVerifier(issuers: [issuer.policy], cacheEntries: 0)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: jwks(issuer.key.jwk(["alg": "RS256"]))))
        #expect(verifier.refusal(issuer.token()) == .unknownKey("key-1"))
    }

    @Test("S1 the public key as an HMAC secret gets nowhere")
    func publicKeyAsSecret() throws {
        let issuer = TestIssuer.standard
        let header = "{\"alg\":\"HS256\",\"kid\":\"key-1\"}"
        #expect(try issuer.verifier().refusal(issuer.token(header: header)) == .unsupportedAlgorithm)
    }
}
