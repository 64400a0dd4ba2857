package import IntentProtocol

/// Which service a peer is, and what says so.
///
/// Only this room makes one, each time after the proof held. A connection's is shared by all its requests, which hand it on from
/// stage to stage.
package final class ServiceIdentity: Sendable, Hashable {
    /// The ID as it was shown, for Istio's policies, which know the aliases of a trust domain themselves.
    package let id: SPIFFEID
    /// The principal in our own trust domain's name: `cluster.local/ns/default/sa/sleep`.
    package let principal: String
    /// Everything that says so.
    package let sources: IdentitySources
    /// The entry `service:<principal>` of the identity chain as it stands between quotes; a SPIFFE ID has nothing to escape.
    package let chainEntry: [UInt8]

    convenience init(_ id: SPIFFEID, _ domains: TrustDomainTable, source: IdentitySource) {
        self.init(id: id, principal: domains.canonical(id).principal, sources: IdentitySources(source))
    }

    private init(id: SPIFFEID, principal: String, sources: IdentitySources) {
        self.id = id
        self.principal = principal
        self.sources = sources
        chainEntry = Array("service:\(principal)".utf8)
    }

    /// The strongest of what says so.
    package var source: IdentitySource { sources.strongest }

    /// The same service with one more proof.
    ///
    /// - Throws: ``PeerRefusal/disagreement(_:_:)`` when the other one is another service.
    package func confirmed(by other: ServiceIdentity) throws(PeerRefusal) -> ServiceIdentity {
        guard principal == other.principal else { throw .disagreement(self, other) }
        let id = other.source.isStronger(than: source) ? other.id : id
        return ServiceIdentity(id: id, principal: principal, sources: sources.union(other.sources))
    }

    package static func == (one: ServiceIdentity, other: ServiceIdentity) -> Bool {
        one === other || (one.id, one.principal, one.sources) == (other.id, other.principal, other.sources)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(sources)
    }
}

extension IdentitySource {
    fileprivate func isStronger(than other: IdentitySource) -> Bool {
        self != .none && self != other
            && IdentitySources([IdentitySources(self), IdentitySources(other)]).strongest == self
    }
}
