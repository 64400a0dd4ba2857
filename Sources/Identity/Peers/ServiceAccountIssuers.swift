package import IntentProtocol

/// The clusters whose projected service-account tokens say which service a caller is.
///
/// Only a token of a named issuer counts: any issuer may put `system:serviceaccount:…` into its subjects.
package struct ServiceAccountIssuers: Sendable {
    /// A cluster by its issuer.
    package struct Cluster: Sendable, Hashable {
        /// The exact `iss` of its tokens.
        package let issuer: String
        /// The trust domain of its services.
        package let trustDomain: TrustDomain

        package init(issuer: String, trustDomain: TrustDomain) {
            self.issuer = issuer
            self.trustDomain = trustDomain
        }
    }

    /// What is wrong with the configured clusters, and what to do about it.
    package struct Fault: Error, Sendable, Hashable {
        package let message: String
    }

    private static let prefix = "system:serviceaccount:"

    private let clusters: [Cluster]
    private let domains: TrustDomainTable

    package init(_ clusters: [Cluster], _ domains: TrustDomainTable) throws(Fault) {
        for (place, cluster) in clusters.enumerated() {
            guard domains.accepts(cluster.trustDomain) else {
                throw Fault(
                    message: "trust domain \(cluster.trustDomain) of cluster \(place) is not configured: add it there")
            }
            guard !clusters[..<place].contains(where: { $0.issuer.utf8.elementsEqual(cluster.issuer.utf8) }) else {
                throw Fault(message: "cluster \(place) has the issuer of an earlier one: state each once")
            }
        }
        self.clusters = clusters
        self.domains = domains
    }

    /// The service that a verified token is of; nil for a token that is no service's.
    package func identity(of token: VerifiedToken) throws(PeerRefusal) -> ServiceIdentity? {
        try identity(issuer: token.issuer, subject: token.subject)
    }

    /// The service that a verified token's issuer and subject name; nil when they name none.
    package func identity(issuer: String, subject: String) throws(PeerRefusal) -> ServiceIdentity? {
        guard let cluster = clusters.first(where: { $0.issuer.utf8.elementsEqual(issuer.utf8) }),
            subject.utf8.starts(with: Self.prefix.utf8)
        else { return nil }
        let names = subject.utf8.dropFirst(Self.prefix.utf8.count)
            .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard names.count == 2, Self.isLabel(names[0]), Self.isSubdomain(names[1]),
            let id = SPIFFEID(
                trustDomain: cluster.trustDomain, namespace: Substring(names[0]), serviceAccount: Substring(names[1]))
        else { throw .serviceAccountSubject }
        return ServiceIdentity(id, domains, source: .serviceAccountToken)
    }

    /// A namespace: 1 to 63 of `a-z 0-9 -`, no dash at the ends.
    private static func isLabel(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        let dash = UInt8(ascii: "-")
        return (1...63).contains(text.count) && text.first != dash && text.last != dash
            && text.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == dash
            }
    }

    /// An account: labels with dots between them, 253 bytes in all.
    private static func isSubdomain(_ text: Substring.UTF8View) -> Bool {
        text.count <= 253
            && text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isLabel)
    }
}
