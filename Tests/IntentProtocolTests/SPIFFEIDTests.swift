import Testing

@testable import IntentProtocol

@Suite("SPIFFE IDs")
struct SPIFFEIDTests {
    @Test(
        "the standard's good examples are taken",
        arguments: [
            ("spiffe://cluster.local/ns/default/sa/sleep", "cluster.local"), ("spiffe://example.com", "example.com"),
            ("spiffe://10.0.0.1/x", "10.0.0.1"), ("spiffe://td_1/a.b-c_d", "td_1"),
            ("spiffe://example.com/...", "example.com"), ("spiffe://example.com/A/.a/a.", "example.com"),
            ("spiffe://cluster.local/ns/x/sa/cert-manager.io", "cluster.local"),
        ])
    func good(text: String, domain: String) throws {
        let id = try SPIFFEID(text)
        #expect(id.trustDomain.name == domain)
        #expect(id.text == text)
        #expect("spiffe://" + id.principal == text)
        #expect(try SPIFFEID(principal: id.principal.utf8) == id)
        #expect(id.isTrustDomain == (text == "spiffe://example.com"))
    }

    @Test(
        "everything else is refused with its reason",
        arguments: [
            ("", SPIFFEIDFault.scheme), ("spiffe:/", .scheme), ("spiffe:example.com/a", .scheme),
            ("https://example.com/a", .scheme), ("SPIFFE://example.com/a", .scheme), (" spiffe://a/b", .scheme),
            ("spiffe://", .trustDomain), ("spiffe:///a", .trustDomain), ("spiffe://Example.com/a", .trustDomain),
            ("spiffe://u@example.com/a", .trustDomain), ("spiffe://example.com:8443/a", .trustDomain),
            ("spiffe://[::1]/a", .trustDomain), ("spiffe://exam%70le/a", .trustDomain),
            ("spiffe://exämple/a", .trustDomain), ("spiffe://*/a", .trustDomain), ("spiffe://a?b/c", .trustDomain),
            ("spiffe://example.com/", .emptySegment), ("spiffe://example.com/a/", .emptySegment),
            ("spiffe://example.com//a", .emptySegment), ("spiffe://example.com/./a", .dotSegment),
            ("spiffe://example.com/a/..", .dotSegment), ("spiffe://example.com/../a", .dotSegment),
            ("spiffe://example.com/.", .dotSegment),
        ])
    func bad(text: String, fault: SPIFFEIDFault) {
        #expect(throws: fault) { try SPIFFEID(text) }
    }

    @Test(
        "no character outside the set stands in a path",
        arguments: [
            "?x=1", "#f", "%41", " b", "+b", ":b", "@b", "*", "\r\nX: y", "\0", "ä", "\u{2024}", ",", ";", "\"",
        ])
    func badPath(tail: String) {
        #expect(throws: SPIFFEIDFault.pathCharacter) { try SPIFFEID("spiffe://example.com/a" + tail) }
    }

    @Test("the bounds are 255 bytes for a trust domain and 2,048 for the whole")
    func bounds() throws {
        let domain = String(repeating: "d", count: 255)
        #expect(try SPIFFEID("spiffe://\(domain)/a").trustDomain.name == domain)
        #expect(throws: SPIFFEIDFault.trustDomain) { try SPIFFEID("spiffe://\(domain)d/a") }
        let longest = "spiffe://a/" + String(repeating: "b", count: 2_048 - 11)
        #expect(try SPIFFEID(longest).text.utf8.count == 2_048)
        #expect(throws: SPIFFEIDFault.tooLong) { try SPIFFEID(longest + "b") }
        #expect(throws: SPIFFEIDFault.tooLong) { try SPIFFEID(principal: (longest.dropFirst(9) + "b").utf8) }
    }

    @Test("an ID is made of a service account, and moves to another trust domain with its path")
    func parts() throws {
        let domain = try #require(TrustDomain("cluster.local"))
        let id = try #require(SPIFFEID(trustDomain: domain, namespace: "default", serviceAccount: "api.gateway"))
        #expect(id.text == "spiffe://cluster.local/ns/default/sa/api.gateway")
        #expect(SPIFFEID(trustDomain: domain, namespace: "a/sa/b", serviceAccount: "c") == nil)
        #expect(SPIFFEID(trustDomain: domain, namespace: "..", serviceAccount: "c") == nil)
        #expect(SPIFFEID(trustDomain: domain, namespace: "", serviceAccount: "c") == nil)
        let other = try #require(TrustDomain("old"))
        #expect(id.moved(to: other).text == "spiffe://old/ns/default/sa/api.gateway")
        #expect(String(decoding: Array(id.path), as: UTF8.self) == "/ns/default/sa/api.gateway")
    }

    @Test("50,000 mutated texts: what is taken has only the standard's characters and reads back as it was")
    func mutated() throws {
        var random = SplitMix64(seed: 1_604)
        let seed = Array("spiffe://cluster.local/ns/default/sa/a.b".utf8)
        let pieces: [[UInt8]] = ["/", ".", "..", "//", "%", "A", "é", "spiffe://", "?", ",", "\n"].map {
            Array($0.utf8)
        }
        for _ in 0..<50_000 {
            var text = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0...text.count, using: &random)
                if Bool.random(using: &random), place < text.count {
                    text[place] = UInt8.random(in: 0...255, using: &random)
                } else {
                    text.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
                }
            }
            guard let id = try? SPIFFEID(text) else { continue }
            #expect(Array(id.text.utf8) == text)
            #expect(id.text.wholeMatch(of: #/spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)*/#) != nil, "\(id.text)")
            #expect(!id.text.contains("/./") && !id.text.contains("/../") && !id.text.hasSuffix("/.."))
        }
    }

    @Test("sources keep their order of strength, and none is the empty set")
    func sources() {
        #expect(IdentitySources([]).sources == [.none])
        #expect(IdentitySources(rawValue: 128).strongest == .none)
        let all: IdentitySources = [.init(.serviceAccountToken), .init(.xfcc), .init(.mtls), .init(.nodeSignature)]
        #expect(all.sources == [.mtls, .xfcc, .nodeSignature, .serviceAccountToken])
        #expect(all.strongest == .mtls)
        #expect(IdentitySources([IdentitySources(.none), IdentitySources(.xfcc)]).strongest == .xfcc)
        #expect(
            IdentitySource.allCases.map(\.rawValue) == [
                "mtls", "xfcc", "node-signature", "service-account-token", "none",
            ])
    }
}
