import IntentProtocol
import Testing

@testable import Identity

/// Trust domains and services that the tests of peers share.
enum Peers {
    static func domain(_ name: String) throws -> TrustDomain { try #require(TrustDomain(name)) }

    /// Our `cluster.local`, once called `old.local`, and the federated `partner.example`.
    static func domains() throws -> TrustDomainTable {
        try TrustDomainTable(
            domain("cluster.local"), aliases: [domain("old.local"), domain("td")],
            federated: [domain("partner.example")])
    }

    static func identity(_ id: String, _ source: IdentitySource = .mtls) throws -> ServiceIdentity {
        try ServiceIdentity(SPIFFEID(id), domains(), source: source)
    }

    static func address(_ text: String) throws -> NetworkAddress { try #require(NetworkAddress(text)) }
}

/// Bytes of a header's value.
func value(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
