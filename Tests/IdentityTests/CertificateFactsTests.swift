import IntentProtocol
import Testing

@testable import Identity

@Suite("Facts of certificates")
struct CertificateFactsTests {
    private static let now: Int64 = 1_700_000_000
    private static let uri = "spiffe://cluster.local/ns/a/sa/b"

    private func facts(
        _ uris: [String] = [uri], isAuthority: Bool = false, usage: CertificateFacts.KeyUsage? = .digitalSignature,
        from: Int64 = now - 100, to: Int64 = now + 100
    ) -> CertificateFacts {
        CertificateFacts(
            uris: uris.map { Array($0.utf8) }, isAuthority: isAuthority, keyUsage: usage, notBeforeSeconds: from,
            notAfterSeconds: to)
    }

    private func refusal(_ facts: CertificateFacts) -> CertificateRefusal? {
        do throws(CertificateRefusal) {
            _ = try facts.serviceID(nowSeconds: Self.now)
            return nil
        } catch { return error }
    }

    @Test("one URI name that is the ID of a service (S13)")
    func names() {
        #expect(refusal(facts()) == nil)
        #expect(refusal(facts([])) == .noURI)
        #expect(refusal(facts([Self.uri, Self.uri])) == .severalURIs(2))
        #expect(refusal(facts([Self.uri, "https://example.com/"])) == .severalURIs(2))
        #expect(refusal(facts(["https://example.com/"])) == .badID(.scheme))
        #expect(refusal(facts(["spiffe://cluster.local"])) == .namesNoService)
        #expect(refusal(facts([""])) == .badID(.scheme))
        // What a C library would read as the text before the zero byte.
        #expect(refusal(facts([Self.uri + "\0.evil"])) == .badID(.pathCharacter))
        #expect(refusal(facts([Self.uri + "\r\nX-Admin: 1"])) == .badID(.pathCharacter))
    }

    @Test("authorities do not authenticate")
    func authorities() {
        #expect(refusal(facts(isAuthority: true)) == .isAuthority)
        #expect(refusal(facts(usage: [.digitalSignature, .keyCertSign])) == .maySign)
        #expect(refusal(facts(usage: .cRLSign)) == .maySign)
        #expect(refusal(facts(usage: nil)) == nil)
    }

    @Test("its time counts to the second (S32)")
    func time() {
        #expect(refusal(facts(from: Self.now, to: Self.now + 1)) == nil)
        #expect(refusal(facts(from: Self.now + 1)) == .notYetValid)
        #expect(refusal(facts(to: Self.now)) == .expired)
    }

    @Test("a bundle vouches for its own trust domain and its aliases alone")
    func bundles() throws {
        let domains = try Peers.domains()
        func principal(_ id: String, chainedTo bundle: String) throws(CertificateRefusal) -> String? {
            guard let bundle = TrustDomain(bundle) else { return nil }
            return try domains.identity(of: facts([id]), chainedTo: bundle, nowSeconds: Self.now).principal
        }
        #expect(try principal("spiffe://cluster.local/a", chainedTo: "cluster.local") == "cluster.local/a")
        #expect(try principal("spiffe://old.local/a", chainedTo: "cluster.local") == "cluster.local/a")
        #expect(try principal("spiffe://partner.example/a", chainedTo: "partner.example") == "partner.example/a")
        for (id, bundle) in [
            ("cluster.local", "partner.example"), ("partner.example", "cluster.local"), ("old.local", "old.local"),
            ("old.local", "partner.example"),
        ] {
            #expect(throws: CertificateRefusal.wrongBundle(id: try Peers.domain(id), bundle: try Peers.domain(bundle)))
            {
                try principal("spiffe://\(id)/a", chainedTo: bundle)
            }
        }
        #expect(throws: CertificateRefusal.unknownTrustDomain(try Peers.domain("cluster.locale"))) {
            try principal("spiffe://cluster.locale/a", chainedTo: "cluster.local")
        }
    }

    @Test("a trust domain is ours or another's")
    func tables() throws {
        let (own, other) = (try Peers.domain("a"), try Peers.domain("b"))
        #expect(throws: TrustDomainTable.Fault.self) { try TrustDomainTable(own, aliases: [other], federated: [other]) }
        #expect(throws: TrustDomainTable.Fault.self) { try TrustDomainTable(own, aliases: [], federated: [own]) }
        #expect(try TrustDomainTable(own, aliases: [other], federated: []).bundles == [own])
        #expect(TrustDomainTable(own).accepts(own) && !TrustDomainTable(own).accepts(other))
    }

    @Test("alarms come at a half, a fifth and a twentieth of its time (S32)")
    func age() {
        let facts = facts(from: 0, to: 1_000)
        let steps: [(Int64, CertificateAge)] = [
            (0, .fresh), (499, .fresh), (500, .half), (799, .half), (800, .low), (949, .low), (950, .critical),
            (999, .critical), (1_000, .expired), (-1, .expired),
        ]
        for (seconds, step) in steps {
            #expect(
                CertificateAge(
                    notBeforeSeconds: facts.notBeforeSeconds, notAfterSeconds: facts.notAfterSeconds,
                    nowSeconds: seconds) == step, "\(seconds)")
        }
    }
}
