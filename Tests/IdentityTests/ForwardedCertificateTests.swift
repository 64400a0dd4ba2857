import IntentProtocol
import Testing

@testable import Identity

@Suite("X-Forwarded-Client-Cert")
struct ForwardedCertificateTests {
    private func read(_ header: String, elementsMax: Int = 16) throws(ForwardedFault) -> ForwardedCertificate {
        try ForwardedCertificateReader(elementsMax: elementsMax).lastElement(value(header))
    }

    @Test(
        "the last element says who the peer is",
        arguments: [
            (#"By=spiffe://td/ns/a/sa/b;Hash=ab;Subject="";URI=spiffe://td/ns/c/sa/d"#, "td/ns/c/sa/d"),
            (
                #"Hash=1;URI=spiffe://td/ns/x/sa/first,By=spiffe://td/ns/m/sa/mid;Hash=2;Subject="";URI=spiffe://td/ns/x/sa/last"#,
                "td/ns/x/sa/last"
            ),
            (
                #"Hash=1;Subject="CN=a\,b;URI=spiffe://td/ns/evil/sa/e,O=x";URI=spiffe://td/ns/c/sa/d"#,
                "td/ns/c/sa/d"
            ),
            (#"Hash=1;Subject="CN=q\"uote";URI=spiffe://td/ns/c/sa/d"#, "td/ns/c/sa/d"),
            (#"Hash=1;Subject="CN=back\\";URI=spiffe://td/ns/c/sa/d"#, "td/ns/c/sa/d"),
            ("hash=1;uri=spiffe://td/ns/c/sa/d", "td/ns/c/sa/d"),
            (#"URI="spiffe://td/ns/c/sa/d";Later=x"#, "td/ns/c/sa/d"),
            ("By=;By=spiffe://td/a;DNS=a;DNS=b;URI=spiffe://td/ns/c/sa/cert-manager.io", "td/ns/c/sa/cert-manager.io"),
        ])
    func identities(header: String, principal: String) throws {
        #expect(try read(header).serviceID()?.principal == principal)
    }

    @Test("a certificate without a URI names nobody", arguments: [#"Hash=1;Subject="";URI="#, "Hash=1", #"URI="""#])
    func nobody(header: String) throws {
        #expect(try read(header).serviceID() == nil)
    }

    @Test("a quoted subject loses its quotes and keeps the escapes of RFC 2253")
    func subject() throws {
        let element = try read(#"Subject="CN=q\"uote\,b\\";Hash=AB;By=x;DNS=d;Cert="c";Chain="d""#)
        #expect(element.subject == Array(#"CN=q"uote\,b\\"#.utf8))
        #expect(element.hash == Array("AB".utf8))
        #expect(element.by == [Array("x".utf8)])
        #expect(element.dnsNames == [Array("d".utf8)])
        #expect(element.hasCertificate && element.hasChain)
    }

    @Test(
        "what is not well-formed, in any element, is refused",
        arguments: [
            ("", ForwardedFault.empty), ("Hash", .malformedPair), (#"Hash=1;Subject="open"#, .unterminatedQuote),
            (#"Subject="open\""#, .unterminatedQuote), (#"Subject="open\"#, .unterminatedQuote), (";", .empty),
            (",", .empty), ("Hash=1;", .empty), ("Hash=1,", .empty), (",Hash=1", .empty), ("Hash=1,,URI=a", .empty),
            ("Hash=1;;URI=a", .empty), ("=1", .malformedPair), (" Hash=1", .malformedPair), ("Ha sh=1", .malformedPair),
            ("Hash=1, URI=spiffe://td/a", .malformedPair), ("Häsh=1", .illegalCharacter),
            (String(repeating: "k", count: 33) + "=1", .malformedPair), (#"Subject="a"b;Hash=1"#, .misplacedQuote),
            (#"DNS=a"b;Hash=1"#, .misplacedQuote), (#"Subject="a" ;Hash=1"#, .misplacedQuote),
            ("URI=spiffe://td/a\r\nX: y", .illegalCharacter), ("URI=spiffe://td/\0", .illegalCharacter),
            ("Hash=1;hash=2", .repeatedKey), (#"Subject="";Subject="""#, .repeatedKey),
            (#"Cert="";Cert="""#, .repeatedKey), ("Chain=a;CHAIN=b", .repeatedKey),
            ("Hash,URI=spiffe://td/a", .malformedPair),
        ])
    func malformed(header: String, fault: ForwardedFault) {
        #expect(throws: fault) { try read(header) }
    }

    @Test(
        "a URI that is not the ID of one service is refused (S11, S12, S13)",
        arguments: [
            ("Hash=1;URI=spiffe://td/ns/a/sa/b;URI=spiffe://td/ns/c/sa/d", ForwardedFault.severalURIs),
            ("URI=;URI=spiffe://td/ns/victim/sa/v", .severalURIs), ("uri=spiffe://td/a;URI=", .severalURIs),
            // A hostile DNS name that Envoy writes without quotes.
            ("URI=spiffe://td/ns/c/sa/d;DNS=x;URI=spiffe://td/ns/victim/sa/v", .severalURIs),
            ("URI=spiffe://td", .namesNoService), ("URI=https://td/a", .badID(.scheme)),
            ("URI=spiffe://td/a%0d", .badID(.pathCharacter)), ("URI=spiffe://TD/a", .badID(.trustDomain)),
            (#"URI="spiffe://td/a\"b""#, .badID(.pathCharacter)), ("URI= spiffe://td/a", .badID(.scheme)),
        ])
    func badURI(header: String, fault: ForwardedFault) {
        #expect(throws: fault) { try read(header).serviceID() }
    }

    @Test("a hostile earlier element does not count")
    func earlierElements() throws {
        let header = "URI=spiffe://td/ns/admin/sa/root;URI=https://x,Hash=2;URI=spiffe://td/ns/c/sa/d"
        #expect(try read(header).serviceID()?.principal == "td/ns/c/sa/d")
    }

    @Test("size, elements and pairs are bounded; a forged element is refused where one is expected")
    func bounds() throws {
        let longest = "Hash=" + String(repeating: "a", count: 16_384 - 5)
        #expect(try read(longest).hash?.count == 16_379)
        #expect(throws: ForwardedFault.tooLong) { try read(longest + "a") }
        let elements = Array(repeating: "Hash=1", count: 16).joined(separator: ",")
        #expect(try read(elements).hash == [UInt8(ascii: "1")])
        #expect(throws: ForwardedFault.tooManyElements) { try read(elements + ",Hash=1") }
        #expect(throws: ForwardedFault.tooManyElements) {
            try read("URI=spiffe://td/a,URI=spiffe://td/b", elementsMax: 1)
        }
        let pairs = Array(repeating: "DNS=a", count: 128).joined(separator: ";")
        #expect(try read(pairs).dnsNames.count == 128)
        #expect(throws: ForwardedFault.tooManyPairs) { try read(pairs + ";DNS=a") }
        #expect(throws: ForwardedFault.tooManyPairs) { try read(pairs + ";DNS=a,Hash=1") }
    }

    @Test("50,000 mutated headers: a slower reader that follows the grammar word for word agrees on each")
    func mutated() throws {
        let seeds = [
            #"By=spiffe://td/ns/a/sa/b;Hash=ab;Subject="CN=a\,b\"c";URI=spiffe://td/ns/c/sa/d"#,
            #"Hash=1;URI=spiffe://td/ns/x/sa/f,By=spiffe://td/m;Hash=2;Subject="";URI=spiffe://td/ns/x/sa/last;DNS=a"#,
        ].map { Array($0.utf8) }
        let pieces = [#"""#, #"\"#, ",", ";", "=", "URI=", "URI=spiffe://td/ns/evil/sa/e", "a", " "].map {
            Array($0.utf8)
        }
        var random = SplitMix64(seed: 1_114)
        var taken = 0
        for _ in 0..<50_000 {
            var header = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<header.count, using: &random)
                if Int.random(in: 0..<3, using: &random) == 0 {
                    header.remove(at: place)
                } else {
                    header.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
                }
            }
            let uris = (try? ForwardedCertificateReader().lastElement(header[...]))?.uris
            #expect(uris == SlowReader.lastURIs(header), "\(String(decoding: header, as: UTF8.self))")
            if uris != nil { taken += 1 }
        }
        // Otherwise the comparison would be of refusals alone.
        #expect((5_000...45_000).contains(taken), "\(taken)")
    }
}

/// The grammar of the header as a regular expression for a pair, applied again and again.
private enum SlowReader {
    static func lastURIs(_ header: [UInt8]) -> [[UInt8]]? {
        var rest = Substring(String(decoding: header, as: UTF8.self))
        let pair = #/([A-Za-z]{1,32})=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))(?=[,;]|$)/#
        var uris: [[UInt8]] = []
        var singles: [String] = []
        while true {
            guard let match = rest.prefixMatch(of: pair) else { return nil }
            let key = match.1.lowercased()
            if key == "uri" {
                let quoted = match.2.map { String($0).replacing(#"\""#, with: "\"") }
                uris.append(Array((quoted ?? match.3.map { String($0) } ?? "").utf8))
            } else if ["hash", "subject", "cert", "chain"].contains(key) {
                singles.append(key)
            }
            rest = rest[match.range.upperBound...]
            guard let separator = rest.popFirst() else { break }
            if separator == "," {
                uris = []
                singles = []
            }
        }
        return Set(singles).count == singles.count ? uris : nil
    }
}
