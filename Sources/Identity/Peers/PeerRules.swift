package import IntentProtocol

/// How the identity of a request's peer is established from its connection and X-Forwarded-Client-Cert.
package struct PeerRules: Sendable {
    /// The trust domains whose services are believed.
    package let domains: TrustDomainTable
    private let proxies: TrustedProxies
    /// Where the address of a client is taken from.
    package let addresses: ForwardedAddressRules
    private let untrusted: ForwardingRule
    private let reader: ForwardedCertificateReader

    /// Makes rules that trust no proxy unless told.
    ///
    /// - Parameter untrusted: what becomes of a header from anybody else.
    package init(
        _ domains: TrustDomainTable, proxies: TrustedProxies = TrustedProxies(),
        addresses: ForwardedAddressRules = ForwardedAddressRules(), untrusted: ForwardingRule = .refuse,
        reader: ForwardedCertificateReader = ForwardedCertificateReader()
    ) {
        self.domains = domains
        self.proxies = proxies
        self.addresses = addresses
        self.untrusted = untrusted
        self.reader = reader
    }

    /// What holds for a connection; asked once, after the handshake.
    ///
    /// - Parameters:
    ///   - address: the TCP peer's own; nil where it is not known.
    ///   - identity: of its verified certificate; nil when it showed none.
    package func connection(
        address: NetworkAddress?, identity: ServiceIdentity?
    ) -> PeerConnection {
        PeerConnection(
            address: address, identity: identity,
            isTrustedProxy: proxies.trusts(address: address, identity: identity),
            isAddressProxy: addresses.reads(address: address, identity: identity))
    }

    /// Whether a service sends a request for its own part, and not a balancer or a proxy that hands on what anybody has sent.
    ///
    /// A trusted proxy is a service by the header that it forwards alone: without one it may speak for somebody who has proven nothing.
    ///
    /// - Parameter forwarded: the values of all X-Forwarded-Client-Cert lines, in any letter case of the name.
    package func isService(on connection: borrowing PeerConnection, forwarded: [ArraySlice<UInt8>]) -> Bool {
        guard let identity = try? peer(on: connection, forwarded: forwarded) else { return false }
        return identity.source == .xfcc || !(connection.isAddressProxy || connection.isTrustedProxy)
    }

    /// Who sends a request; nil when nothing says so.
    ///
    /// A trusted proxy that forwards a header speaks for the peer that it names, even where it names none; without a header
    /// it speaks for itself, as in the mesh.
    ///
    /// - Parameter forwarded: the values of all X-Forwarded-Client-Cert lines, in any letter case of the name.
    package func peer(
        on connection: borrowing PeerConnection, forwarded: [ArraySlice<UInt8>]
    ) throws(PeerRefusal) -> ServiceIdentity? {
        guard let header = forwarded.first else { return connection.identity }
        guard connection.isTrustedProxy else {
            switch untrusted {
            case .refuse: throw .untrustedForwarding
            case .ignore: return connection.identity
            }
        }
        guard forwarded.count == 1 else { throw .forwarded(.severalHeaders) }
        do throws(ForwardedFault) {
            guard let id = try reader.lastElement(header).serviceID() else { return nil }
            guard domains.accepts(id.trustDomain) else { throw .unknownTrustDomain(id.trustDomain) }
            return ServiceIdentity(id, domains, source: .xfcc)
        } catch {
            throw .forwarded(error)
        }
    }
}
