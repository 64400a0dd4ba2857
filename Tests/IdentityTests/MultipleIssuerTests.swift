import Testing

@testable import Identity

@Suite("Several issuers")
struct MultipleIssuerTests {
    private let first = TestIssuer(name: "https://one.example")
    private let second = TestIssuer(name: "https://two.example", key: .otherRSA)

    private func verifier(cacheEntries: Int = 0) throws -> TokenVerifier {
        let verifier = TokenVerifier(issuers: [first.policy, second.policy], cacheEntries: cacheEntries)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: first.keySetBytes))
        verifier.replaceKeys(issuer: 1, with: try KeySet(parsingJWKS: second.keySetBytes))
        return verifier
    }

    @Test("two issuers that share a kid are told apart by iss")
    func sharedKeyID() throws {
        let verifier = try verifier()
        #expect(verifier.verified(first.token())?.issuerIndex == 0)
        #expect(verifier.verified(second.token())?.issuerIndex == 1)
        #expect(verifier.verified(second.token())?.issuer == "https://two.example")
    }

    @Test("S7 an issuer cannot sign for another")
    func crossSigning() throws {
        let verifier = try verifier()
        #expect(verifier.refusal(first.token(["iss": "\"https://two.example\""])) == .badSignature)
        #expect(verifier.refusal(second.token(["iss": "\"https://one.example\""])) == .badSignature)
        #expect(verifier.refusal(first.token(["iss": "\"https://three.example\""])) == .unknownIssuer)
    }

    @Test("S8 an issuer without keys is unavailable, never judged by another's; the other goes on")
    func isolation() throws {
        let verifier = try verifier(cacheEntries: 16)
        let token = first.token()
        #expect(verifier.verified(token) != nil)
        verifier.withdrawKeys(issuer: 0)
        guard case .needsKeys(issuer: 0) = verifier.verify(token) else {
            Issue.record("a token of an issuer without keys was decided, perhaps from the cache")
            return
        }
        #expect(
            verifier.refusalWithoutKeys(token[...], issuer: 0)
                == .keysUnavailable(issuer: first.name, retryAfterSeconds: 1))
        #expect(verifier.verified(second.token()) != nil)
    }

    @Test("S8 a failed fetch says when to come back and keeps the keys")
    func retryAfter() throws {
        let verifier = try verifier()
        verifier.fetchFailed(issuer: 0, retryAfterSeconds: 17)
        #expect(verifier.verified(first.token()) != nil)
        verifier.withdrawKeys(issuer: 0)
        let refusal = verifier.refusalWithoutKeys(first.token()[...], issuer: 0)
        #expect(refusal == .keysUnavailable(issuer: first.name, retryAfterSeconds: 17))
    }

    @Test("S8 a verifier starts without any key")
    func startsEmpty() {
        let verifier = TokenVerifier(issuers: [first.policy], cacheEntries: 0)
        #expect(verifier.keyCount(issuer: 0) == 0)
        guard case .needsKeys(issuer: 0) = verifier.verify(first.token()) else {
            Issue.record("a token was decided without keys")
            return
        }
    }

    @Test("an unknown kid is asked for, and known to be absent for a minute after a fetch that did not bring it")
    func unknownKeyID() throws {
        let verifier = try verifier()
        var rotated = first
        rotated.keyID = "key-2"
        let token = rotated.token()
        guard case .needsKeys(issuer: 0) = verifier.verify(token) else {
            Issue.record("an unknown kid must ask for keys")
            return
        }
        verifier.fetchBegins(issuer: 0)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: first.keySetBytes))
        #expect(verifier.refusal(token) == .unknownKey("key-2"))
        #expect(verifier.refusal(token, after: 59) == .unknownKey("key-2"))
        guard case .needsKeys(issuer: 0) = verifier.verify(token, after: 60) else {
            Issue.record("after a minute the kid may be asked for again")
            return
        }
        verifier.fetchBegins(issuer: 0)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: rotated.keySetBytes))
        #expect(verifier.verified(token, after: 60) != nil)
        #expect(verifier.refusalWithoutKeys(first.token()[...], issuer: 0) == .unknownKey("key-1"))
    }

    @Test("a fetch that began before the kid was asked for, or that failed, says nothing about it")
    func unansweredKeyID() throws {
        let verifier = try verifier()
        var rotated = first
        rotated.keyID = "key-2"
        verifier.fetchBegins(issuer: 0)
        _ = verifier.verify(rotated.token())
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: first.keySetBytes))
        guard case .needsKeys = verifier.verify(rotated.token()) else {
            Issue.record("the fetch was older than the question")
            return
        }
        verifier.fetchBegins(issuer: 0)
        verifier.fetchFailed(issuer: 0, retryAfterSeconds: 1)
        guard case .needsKeys = verifier.verify(rotated.token()) else {
            Issue.record("a failed fetch answers nothing")
            return
        }
    }

    @Test("the memory of absent kids is bounded")
    func absentBound() throws {
        var unknown = UnknownKeyIDs()
        let keySet = try KeySet(parsingJWKS: first.keySetBytes)
        for round in 0..<5 {
            for index in 0..<3_000 { _ = unknown.isAbsent(Array("r\(round)-\(index)".utf8), nowSeconds: 0) }
            unknown.fetchBegins()
            unknown.fetchEnded(keySet)
        }
        var known = 0
        for index in 0..<3_000 where unknown.isAbsent(Array("r4-\(index)".utf8), nowSeconds: 1) { known += 1 }
        #expect(known <= UnknownKeyIDs.countMax)
        #expect(known > 0)
    }
}
