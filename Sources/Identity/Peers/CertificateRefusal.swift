package import IntentProtocol

/// Why a certificate was not believed.
package enum CertificateRefusal: Error, Sendable, Hashable {
    /// The peer sent no certificate.
    case missing
    /// Its bytes are not one certificate that can be read, or are too many.
    case unreadable
    /// The chain has more certificates than is taken.
    case chainTooLong
    /// It is the certificate of an authority.
    case isAuthority
    /// Its key may sign certificates or revocation lists.
    case maySign
    /// Its time is yet to come.
    case notYetValid
    /// Its time is over, or that of an authority above it.
    case expired
    /// It has no URI name.
    case noURI
    /// It has this many URI names, where one is wanted.
    case severalURIs(Int)
    /// Its URI name is no SPIFFE ID.
    case badID(SPIFFEIDFault)
    /// Its ID names a trust domain and no service in it.
    case namesNoService
    /// Its ID is of a trust domain that is not accepted here.
    case unknownTrustDomain(TrustDomain)
    /// The chain ends in the bundle of one trust domain, and the ID is of another.
    case wrongBundle(id: TrustDomain, bundle: TrustDomain)
    /// The chain does not lead to the bundle of the ID's trust domain; libcrypto's words.
    case untrustedChain(String)
    /// It is another service's than the one that was called.
    case otherService(expected: SPIFFEID)

    /// What is wrong, for the log of the operator and for no peer.
    package var message: String {
        switch self {
        case .missing: "the peer sent no certificate"
        case .unreadable: "the certificate cannot be read"
        case .chainTooLong: "the certificate chain is too long"
        case .isAuthority: "the certificate is that of an authority"
        case .maySign: "the certificate's key may sign certificates or revocation lists"
        case .notYetValid: "the certificate is not valid yet"
        case .expired: "the certificate or one of its authorities has expired"
        case .noURI: "the certificate has no URI name"
        case .severalURIs(let count): "the certificate has \(count) URI names, a service has one"
        case .badID(let fault): "the certificate's URI name \(fault.problem)"
        case .namesNoService: "the certificate's SPIFFE ID names no service"
        case .unknownTrustDomain(let domain): "the certificate is of trust domain \(domain), which is not configured"
        case .wrongBundle(let id, let bundle):
            "the certificate is of trust domain \(id), but the bundle of \(bundle) vouches for it"
        case .untrustedChain(let problem): "the certificate chain is not trusted: \(problem)"
        case .otherService(let expected): "the certificate is not that of \(expected)"
        }
    }

    /// The stable name for metrics and audit.
    package var reason: String {
        switch self {
        case .missing: "certificate_missing"
        case .unreadable: "certificate_unreadable"
        case .chainTooLong: "certificate_chain_too_long"
        case .isAuthority, .maySign: "certificate_authority"
        case .notYetValid: "certificate_not_yet_valid"
        case .expired: "certificate_expired"
        case .noURI, .namesNoService: "certificate_without_service"
        case .severalURIs: "certificate_several_uris"
        case .badID: "certificate_bad_id"
        case .unknownTrustDomain: "certificate_unknown_trust_domain"
        case .wrongBundle: "certificate_wrong_bundle"
        case .untrustedChain: "certificate_untrusted"
        case .otherService: "certificate_other_service"
        }
    }
}
