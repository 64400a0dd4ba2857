import Gateway
import IntentProtocol
import Testing

@testable import Identity

/// Whose word counts on whether a trace is kept.
@Suite("Callers that decide on traces")
struct CallerServiceTests {
    private static let header = Array("Hash=1;URI=spiffe://cluster.local/ns/web/sa/front".utf8)[...]
    private static let now: Int64 = 1_900_000_000

    /// Whether a caller counts that shows a service's certificate, or comes from this machine, where every proxy is trusted.
    private func counts(
        showing service: String? = nil, forwarded: ArraySlice<UInt8>? = nil, fault: CertificateRefusal? = nil,
        endSeconds: Int64 = .max
    ) throws -> Bool {
        let domains = TrustDomainTable(try #require(TrustDomain("cluster.local")))
        let rules = PeerRules(domains, proxies: try TrustedProxies(["loopback"], domains))
        let identity = try service.map {
            try ServiceIdentity(SPIFFEID("spiffe://cluster.local/\($0)"), domains, source: .mtls)
        }
        let address = try #require(NetworkAddress(identity == nil ? "127.0.0.1" : "203.0.113.7"))
        let connection = ArrivalConnection(
            remoteAddress: "\(address):51334", peer: rules.connection(address: address, identity: identity),
            certificateFault: fault, certificateEndSeconds: endSeconds, isTLS: true)
        return connection.isService(forwarded: forwarded, unixSeconds: Self.now, by: rules)
    }

    @Test("a service does by its certificate until its last second, and by the word of a trusted proxy")
    func good() throws {
        #expect(try counts(showing: "ns/web/sa/front"))
        #expect(try counts(showing: "ns/web/sa/front", endSeconds: Self.now + 1))
        #expect(try counts(forwarded: Self.header))
        #expect(try !counts())
    }

    @Test("nobody does by a certificate that is over or faulty, whatever is forwarded")
    func bad() throws {
        #expect(try !counts(showing: "ns/web/sa/front", endSeconds: Self.now))
        #expect(try !counts(forwarded: Self.header, endSeconds: Self.now))
        #expect(try !counts(forwarded: Self.header, fault: .expired))
    }
}
