import Foundation
package import GatewayHTTP
import Identity
import IntentProtocol

/// Which services a peer may be; all of one trust domain, whose bundle vouches for them.
package struct ServiceRule: Sendable {
    private let services: Set<SPIFFEID>
    private let domain: TrustDomain

    /// Takes principals such as `cluster.local/ns/default/sa/gateway`.
    ///
    /// - Parameter place: what messages call them.
    /// - Throws: when one is none, or they are of several trust domains.
    package init(_ principals: [String], named place: String) throws(TLSFault) {
        var services = Set<SPIFFEID>()
        for principal in principals {
            guard let id = try? SPIFFEID(principal: principal.utf8), !id.isTrustDomain else {
                throw TLSFault(
                    "\(place) must be a principal such as cluster.local/ns/default/sa/gateway, found "
                        + String(reflecting: String(principal.prefix(80))))
            }
            services.insert(id)
        }
        guard let domain = services.first?.trustDomain else {
            throw TLSFault("\(place) names nobody: give the principals that are admitted")
        }
        guard services.allSatisfy({ $0.trustDomain == domain }) else {
            throw TLSFault("\(place) must be of one trust domain: its bundle alone vouches for them")
        }
        self.services = services
        self.domain = domain
    }

    /// Decides about those who call us, by the material's trust bundles.
    package func callers(_ material: TLSMaterial) throws(TLSMaterialError) -> TLSCredentials.PeerVerification {
        try verification(as: .client, material)
    }

    /// Decides about those whom we call, by the material's trust bundles.
    package func servers(_ material: TLSMaterial) throws(TLSMaterialError) -> TLSCredentials.PeerVerification {
        try verification(as: .server, material)
    }

    private func verification(
        as purpose: CertificatePurpose, _ material: TLSMaterial
    ) throws(TLSMaterialError) -> TLSCredentials.PeerVerification {
        let verifier: CertificateVerifier
        do throws(TrustBundleFault) {
            verifier = try CertificateVerifier(
                TrustDomainTable(domain), bundles: [domain: material.bundles.values.flatMap { $0 }])
        } catch {
            throw TLSMaterialError("the trust bundle \(error.problem)")
        }
        return { [services] chain in
            let now = Int64(Date().timeIntervalSince1970)
            do throws(CertificateRefusal) {
                let verified = try verifier.verify(chain, as: purpose, nowSeconds: now)
                guard let expected = services.first, !services.contains(verified.identity.id) else {
                    return .trusted(untilSeconds: verified.notAfterSeconds)
                }
                throw .otherService(expected: expected)
            } catch {
                return .refused(RefusedCertificate(reason: error.reason, message: error.message))
            }
        }
    }
}
