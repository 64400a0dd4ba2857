import IntentProtocol
import Testing

@testable import Identity

@Suite("Random and mutated input")
struct FuzzTests {
    private let issuer = TestIssuer.standard

    @Test("20,000 mutated tokens: none is verified unless it is the valid one, byte for byte")
    func mutatedTokens() throws {
        let verifier = try issuer.verifier(cacheEntries: 64)
        let seeds = [issuer.token(), issuer.token(["sub": "\"b\\u00e9\""]), TestIssuer.of(.es256).token()]
        let valid = Set(seeds[..<2])
        var random = SplitMix64(seed: 20_260)
        for _ in 0..<20_000 {
            let seed = Int.random(in: 0..<seeds.count, using: &random)
            let token = mutated(seeds[seed], &random)
            if verifier.verified(token) != nil {
                #expect(valid.contains(token), "\(String(decoding: token, as: UTF8.self))")
            }
        }
        for token in valid { #expect(verifier.verified(token) != nil) }
    }

    @Test("20,000 headers and claims of random JSON-like bytes, properly signed, never crash")
    func mutatedParts() throws {
        let verifier = try TestIssuer.of(.eddsa).verifier()
        let issuer = TestIssuer.of(.eddsa)
        let header = Array(issuer.header.utf8)
        let parts = String(decoding: issuer.token(), as: UTF8.self).split(separator: ".")
        let claims = try #require(Base64URL.decode(String(parts[1])))
        var random = SplitMix64(seed: 20_261)
        for round in 0..<20_000 {
            let changesHeader = round % 2 == 0
            let token = unsigned(
                header: changesHeader ? mutated(header, &random) : header,
                claims: changesHeader ? claims : mutated(claims, &random))
            // The signature is of other bytes, so nothing but the unchanged token may hold.
            #expect(verifier.verified(token) == nil)
        }
    }

    @Test("the scanner takes exactly the objects that the protocol's strict reader takes")
    func scannerAgreesWithTree() throws {
        let seeds = [
            "{\"iss\":\"https:\\/\\/a\",\"aud\":[\"x\",\"y\"],\"exp\":1.5e3,\"n\":{\"a\":[{},[],null,true,false,-0,0.1]},\"s\":\"\\ud83d\\ude00é\"}",
            "{ \"a\" : 1 , \"b\" : { \"a\" : 1 } , \"\\u0061\\u0062\" : \"\" }", "{}", "[{\"a\":1}]",
        ].map { Array($0.utf8) }
        var random = SplitMix64(seed: 20_262)
        var taken = 0
        for round in 0..<40_000 {
            let bytes = mutated(seeds[round % seeds.count], &random)
            let tree = try? JSONValue(parsing: bytes).objectValue
            let isTaken = bytes.withUnsafeBytes { buffer in
                (try? checkUTF8(buffer)) != nil && (try? ObjectScanner(scanning: buffer)) != nil
            }
            #expect(isTaken == (tree != nil), "\(String(decoding: bytes, as: UTF8.self))")
            taken += isTaken ? 1 : 0
        }
        #expect(taken > 500)
    }

    @Test("20,000 mutated key sets never crash, and none verifies another key's token")
    func mutatedKeySets() throws {
        // Points of P-384 take a millisecond to check without optimisation, so they come up seldom.
        let seeds =
            [jwks(TestKey.p384.jwk(kid: "b"), TestKey.p256.jwk(kid: "a"))]
            + (0..<9).map { _ in jwks(TestKey.rsa.jwk(kid: "r"), TestKey.ed25519.jwk(kid: "e")) }
        let stranger = TestIssuer(key: .otherRSA)
        let token = stranger.token(header: "{\"alg\":\"RS256\"}")
        var random = SplitMix64(seed: 20_263)
        var taken = 0
        for round in 0..<20_000 {
            guard let keySet = try? KeySet(parsingJWKS: mutated(seeds[round % 10], &random)) else { continue }
            taken += 1
            guard taken % 50 == 0 else { continue }
            let verifier = TokenVerifier(issuers: [stranger.policy], cacheEntries: 0)
            verifier.replaceKeys(issuer: 0, with: keySet)
            #expect(verifier.verified(token) == nil)
        }
        #expect(taken > 500)
    }

    @Test("hostile nesting and many members cost little and are refused")
    func bombs() throws {
        let verifier = try issuer.verifier()
        let nested = String(repeating: "[", count: 5_000)
        #expect(verifier.refusal(issuer.token(claimsText: "{\"a\":\(nested)"))?.isMalformed == true)
        let objects = String(repeating: "{\"a\":", count: 900)
        #expect(verifier.refusal(issuer.token(claimsText: objects))?.isMalformed == true)
        let members = (0..<700).map { "\"\($0)\":1" }.joined(separator: ",")
        #expect(verifier.refusal(issuer.token(claimsText: "{\(members)}"))?.isMalformed == true)
    }

    private func unsigned(header: [UInt8], claims: [UInt8]) -> [UInt8] {
        let signature = base64URL([UInt8](repeating: 7, count: 64))
        return Array((base64URL(header) + "." + base64URL(claims) + "." + signature).utf8)
    }

    private func mutated(_ seed: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(Self.interesting.randomElement(using: &random) ?? 0, at: place)
            case 4: bytes.removeLast(min(bytes.count, Int.random(in: 1...9, using: &random)))
            default:
                let end = min(bytes.count, place + Int.random(in: 1...16, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }

    private static let interesting = Array("{}[]\",:.\\u0e1-+ \n\tAa=_".utf8)
}
