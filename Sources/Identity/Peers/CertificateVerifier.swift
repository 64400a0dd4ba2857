package import IntentProtocol

/// Decides which certificates are believed: the ID names a trust domain, and that domain's bundle alone must vouch.
///
/// It holds one set of bundles for its lifetime; new files make a new verifier, and a set with a fault makes none, so that
/// the old one stays.
package final class CertificateVerifier: Sendable {
    /// Chains that were found to be good; a chain of the usual two certificates takes about two kilobytes.
    static let chainsMax = 1_024

    private struct Shown: Hashable {
        let chain: [[UInt8]]
        let purpose: CertificatePurpose
    }

    private struct Good {
        let certificate: VerifiedCertificate
        let sinceSeconds: Int64
    }

    /// To follow a chain costs more than all the rest of a handshake, and peers come back with the one they had.
    private let good = Remembered<Shown, Good>(entriesMax: chainsMax)
    private let domains: TrustDomainTable
    private let bundles: [TrustDomain: TrustBundle]

    /// Makes a verifier.
    ///
    /// - Parameter bundles: the authorities of each trust domain, each certificate in DER.
    /// - Throws: when a bundle is missing, cannot be used, or belongs to no configured trust domain.
    package init(_ domains: TrustDomainTable, bundles: [TrustDomain: [[UInt8]]]) throws(TrustBundleFault) {
        var held: [TrustDomain: TrustBundle] = [:]
        for (domain, certificates) in bundles.sorted(by: { $0.key.name < $1.key.name }) {
            guard domains.bundles.contains(domain) else {
                throw TrustBundleFault("of trust domain \(domain) is of no use: it is neither ours nor federated")
            }
            do throws(TrustBundleFault) {
                held[domain] = try TrustBundle(certificates)
            } catch {
                throw TrustBundleFault("of trust domain \(domain) \(error.problem)")
            }
        }
        if let missing = domains.bundles.sorted(by: { $0.name < $1.name }).first(where: { held[$0] == nil }) {
            throw TrustBundleFault("of trust domain \(missing) is missing")
        }
        self.domains = domains
        self.bundles = held
    }

    /// Verifies the certificates that a peer sent, the leaf first.
    ///
    /// That the peer has the leaf's key is the handshake's to show.
    ///
    /// - Parameters:
    ///   - chain: each certificate in DER.
    ///   - nowSeconds: the Unix time.
    package func verify(
        _ chain: [[UInt8]], as purpose: CertificatePurpose, nowSeconds: Int64
    ) throws(CertificateRefusal) -> VerifiedCertificate {
        let shown = Shown(chain: chain, purpose: purpose)
        // Between the second in which it was verified and its end, time changes nothing; and nothing else can.
        if let good = good.value(shown), good.sinceSeconds <= nowSeconds,
            nowSeconds < good.certificate.notAfterSeconds
        {
            return good.certificate
        }
        guard let leaf = chain.first else { throw .missing }
        guard chain.count <= TrustBundle.chainMax else { throw .chainTooLong }
        let facts = try CertificateReader.facts(der: leaf)
        let domain = try domains.bundle(vouchingFor: facts.serviceID(nowSeconds: nowSeconds))
        guard let bundle = bundles[domain] else { throw .unknownTrustDomain(domain) }
        let end = try bundle.verify(chain, as: purpose, nowSeconds: nowSeconds)
        let identity = try domains.identity(of: facts, chainedTo: domain, nowSeconds: nowSeconds)
        let certificate = VerifiedCertificate(identity: identity, facts: facts, notAfterSeconds: end)
        if nowSeconds < end { good.remember(Good(certificate: certificate, sinceSeconds: nowSeconds), for: shown) }
        return certificate
    }

    /// Verifies the certificates of a server that must be one service, whatever its host is called.
    package func verify(
        _ chain: [[UInt8]], of expected: SPIFFEID, nowSeconds: Int64
    ) throws(CertificateRefusal) -> VerifiedCertificate {
        let verified = try verify(chain, as: .server, nowSeconds: nowSeconds)
        guard verified.identity.principal == domains.canonical(expected).principal else {
            throw .otherService(expected: expected)
        }
        return verified
    }

    /// Why a certificate of ours names no service, which peers that expect one will not believe; nil where it does.
    ///
    /// - Parameter der: the leaf.
    package static func faultOfOwn(der: [UInt8], nowSeconds: Int64) -> CertificateRefusal? {
        do throws(CertificateRefusal) {
            _ = try CertificateReader.facts(der: der).serviceID(nowSeconds: nowSeconds)
            return nil
        } catch {
            return error
        }
    }
}
