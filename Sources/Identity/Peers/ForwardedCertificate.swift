package import IntentProtocol

/// What a proxy says of the certificate that its peer showed: the last element of an X-Forwarded-Client-Cert.
///
/// Earlier elements are what that peer claims of others, and are worth as much as its word.
package struct ForwardedCertificate: Sendable, Hashable {
    /// The URI names of the proxy's own certificate.
    package var by: [[UInt8]] = []
    /// SHA-256 of the certificate as hex digits; nil when not stated.
    package var hash: [UInt8]?
    /// The subject as RFC 2253 writes it, with its own escapes; nil when not stated.
    package var subject: [UInt8]?
    /// The URI names, each as it was stated; one is empty when the certificate has none.
    package var uris: [[UInt8]] = []
    /// The DNS names.
    package var dnsNames: [[UInt8]] = []
    /// Whether the certificate itself came along; it is not looked at.
    package var hasCertificate = false
    /// Whether the chain came along; it is not looked at.
    package var hasChain = false

    /// The service that the certificate names; nil when it names none.
    package func serviceID() throws(ForwardedFault) -> SPIFFEID? {
        // An empty one counts: `URI=` followed by a URI is one element torn open by a hostile name behind it.
        guard uris.count <= 1 else { throw .severalURIs }
        guard let uri = uris.first, !uri.isEmpty else { return nil }
        let id: SPIFFEID
        do throws(SPIFFEIDFault) {
            id = try SPIFFEID(uri)
        } catch {
            throw .badID(error)
        }
        guard !id.isTrustDomain else { throw .namesNoService }
        return id
    }
}
