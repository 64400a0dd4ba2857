import Testing

@testable import Identity

@Suite("Cache of verified tokens")
struct VerifiedTokenCacheTests {
    private let issuer = TestIssuer.standard

    @Test("the same bytes give the same object; 0 entries give another each time")
    func hit() throws {
        let token = issuer.token()
        let cached = try issuer.verifier(cacheEntries: 100)
        let first = try #require(cached.verified(token))
        #expect(cached.verified(token) === first)
        #expect(cached.cachedTokenCount == 1)
        let uncached = try issuer.verifier(cacheEntries: 0)
        #expect(uncached.verified(token) !== uncached.verified(token))
        #expect(uncached.cachedTokenCount == 0)
    }

    @Test("S5 a token that differs from a cached one in any byte is not it")
    func exactBytes() throws {
        let verifier = try issuer.verifier(cacheEntries: 100)
        let token = issuer.token()
        #expect(verifier.verified(token) != nil)
        for index in token.indices {
            var other = token
            other[index] = other[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(verifier.verified(other) == nil, "byte \(index)")
        }
        #expect(verifier.verified(Array(token.dropLast())) == nil)
        #expect(verifier.verified([UInt8(ascii: "e")] + token) == nil)
    }

    @Test("a token leaves with its exp although the leeway would still let it pass")
    func neverPastExpiry() throws {
        let verifier = try issuer.verifier(cacheEntries: 100)
        let token = issuer.token()
        let first = try #require(verifier.verified(token))
        #expect(verifier.verified(token, after: 3_599) === first)
        let late = try #require(verifier.verified(token, after: 3_600))
        #expect(late !== first)
        #expect(verifier.refusal(token, after: 3_660) == .expired)
    }

    @Test("a token verified in its leeway is not kept")
    func leewayIsNotKept() throws {
        let verifier = try issuer.verifier(cacheEntries: 100)
        #expect(verifier.verified(issuer.token(), after: 3_601) != nil)
        #expect(verifier.cachedTokenCount == 0)
    }

    @Test("other keys of the issuer end what was verified with the ones before; the same keys again do not")
    func generations() throws {
        let verifier = try issuer.verifier(cacheEntries: 100)
        let token = issuer.token()
        let first = try #require(verifier.verified(token))
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: issuer.keySetBytes))
        #expect(verifier.verified(token) === first)
        var other = issuer
        other.key = .otherRSA
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: other.keySetBytes))
        #expect(verifier.refusal(token) == .badSignature)
    }

    @Test("only verified tokens enter")
    func refusedStayOut() throws {
        let verifier = try issuer.verifier(cacheEntries: 100)
        #expect(verifier.refusal(issuer.token(["aud": "\"x\""])) != nil)
        #expect(verifier.refusal(issuer.token(["exp": "1"])) != nil)
        #expect(verifier.cachedTokenCount == 0)
    }

    @Test("the count stays within the bound", arguments: [1, 7, 100, 1_023, 1_024, 2_000])
    func bounded(_ entriesMax: Int) throws {
        let cache = VerifiedTokenCache(entriesMax: entriesMax)
        let verified = try #require(try issuer.verifier().verified(issuer.token()))
        var random = SplitMix64(seed: 7)
        for _ in 0..<5_000 {
            let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes.withUnsafeBytes { cache.insert($0, verified, generation: 1) }
            #expect(bytes.withUnsafeBytes { cache.find($0, nowSeconds: TestIssuer.now) } != nil)
        }
        #expect(cache.count <= entriesMax)
        #expect(cache.count >= entriesMax / 16 * 16)
    }

    @Test("a token in use outlives those that are not")
    func clock() throws {
        let cache = VerifiedTokenCache(entriesMax: 8)
        let verified = try #require(try issuer.verifier().verified(issuer.token()))
        let favourite = [UInt8](repeating: 0xAB, count: 64)
        favourite.withUnsafeBytes { cache.insert($0, verified, generation: 1) }
        var random = SplitMix64(seed: 8)
        for _ in 0..<200 {
            let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes.withUnsafeBytes { cache.insert($0, verified, generation: 1) }
            #expect(favourite.withUnsafeBytes { cache.find($0, nowSeconds: TestIssuer.now) } != nil)
        }
    }
}
