package import IntentProtocol

/// The trust domains whose services are believed, and whose bundle vouches for each.
///
/// An alias is another name of our own trust domain: our bundle vouches for it, and its services are ours. A federated
/// trust domain is vouched for by its own bundle and by no other.
package struct TrustDomainTable: Sendable {
    /// What is wrong with a configuration of trust domains, and what to do about it.
    package struct Fault: Error, Sendable, Hashable {
        package let message: String
    }

    /// The most trust domains of one kind.
    package static let domainsMax = 256

    /// Our trust domain.
    package let own: TrustDomain
    /// Each trust domain that is accepted, with the one whose bundle vouches for it.
    private let vouchers: [TrustDomain: TrustDomain]

    /// Makes a table of our trust domain alone.
    package init(_ own: TrustDomain) {
        self.own = own
        vouchers = [own: own]
    }

    /// Makes a table.
    ///
    /// - Throws: when one name is ours and another's: either bundle could then make the other's services.
    package init(_ own: TrustDomain, aliases: [TrustDomain], federated: [TrustDomain]) throws(Fault) {
        guard aliases.count <= Self.domainsMax, federated.count <= Self.domainsMax else {
            throw Fault(message: "more than \(Self.domainsMax) trust domains: remove some")
        }
        var vouchers = [own: own]
        for alias in aliases { vouchers[alias] = own }
        for domain in federated {
            guard vouchers[domain] != own else {
                throw Fault(
                    message: "trust domain \(domain) is ours or an alias of ours and federated as well: state it once")
            }
            vouchers[domain] = domain
        }
        self.own = own
        self.vouchers = vouchers
    }

    /// The trust domains that need a bundle: ours and the federated ones.
    package var bundles: Set<TrustDomain> { Set(vouchers.values) }

    /// The trust domain whose bundle vouches for an ID.
    package func bundle(vouchingFor id: SPIFFEID) throws(CertificateRefusal) -> TrustDomain {
        guard let bundle = vouchers[id.trustDomain] else { throw .unknownTrustDomain(id.trustDomain) }
        return bundle
    }

    /// Whether a trust domain is one of ours or federated.
    package func accepts(_ domain: TrustDomain) -> Bool { vouchers[domain] != nil }

    /// The ID under our own name, when it is of an alias: a service has one principal, whatever its trust domain was called
    /// when its certificate was made.
    package func canonical(_ id: SPIFFEID) -> SPIFFEID {
        id.moved(to: vouchers[id.trustDomain] ?? id.trustDomain)
    }

    /// The service that a leaf certificate names, whose chain was found to lead to the bundle of a trust domain.
    ///
    /// - Parameters:
    ///   - bundle: the trust domain whose bundle the chain ends in.
    ///   - nowSeconds: the Unix time.
    package func identity(
        of leaf: CertificateFacts, chainedTo bundle: TrustDomain, nowSeconds: Int64
    ) throws(CertificateRefusal) -> ServiceIdentity {
        let id = try leaf.serviceID(nowSeconds: nowSeconds)
        guard try self.bundle(vouchingFor: id) == bundle else {
            throw .wrongBundle(id: id.trustDomain, bundle: bundle)
        }
        return ServiceIdentity(id, self, source: .mtls)
    }
}
