package import IntentProtocol

/// What a certificate says of itself, read from its bytes and not yet believed.
package struct CertificateFacts: Sendable, Hashable {
    /// What the key may be used for, as far as it matters here.
    package struct KeyUsage: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        package static let digitalSignature = KeyUsage(rawValue: 1)
        /// Signs other certificates.
        package static let keyCertSign = KeyUsage(rawValue: 2)
        /// Signs revocation lists.
        package static let cRLSign = KeyUsage(rawValue: 4)
    }

    /// The URI names in the subject alternative name, byte for byte: nothing says that they are text.
    package var uris: [[UInt8]]
    /// The DNS names in the subject alternative name, byte for byte.
    package var dnsNames: [[UInt8]]
    /// Whether the basic constraints make it an authority.
    package var isAuthority: Bool
    /// nil when the certificate does not say.
    package var keyUsage: KeyUsage?
    /// The first Unix second of its time.
    package var notBeforeSeconds: Int64
    /// The Unix second at which its time is over: in it libcrypto believes the certificate no more, and nor do we.
    package var notAfterSeconds: Int64
    /// The subject as RFC 2253 writes it; empty when it has none.
    package var subject: String
    /// SHA-256 of the whole certificate, 32 bytes.
    package var fingerprint: [UInt8]

    package init(
        uris: [[UInt8]], dnsNames: [[UInt8]] = [], isAuthority: Bool = false, keyUsage: KeyUsage? = .digitalSignature,
        notBeforeSeconds: Int64, notAfterSeconds: Int64, subject: String = "", fingerprint: [UInt8] = []
    ) {
        self.uris = uris
        self.dnsNames = dnsNames
        self.isAuthority = isAuthority
        self.keyUsage = keyUsage
        self.notBeforeSeconds = notBeforeSeconds
        self.notAfterSeconds = notAfterSeconds
        self.subject = subject
        self.fingerprint = fingerprint
    }

    /// The service that a leaf certificate names, by the rules of the X.509-SVID standard; who vouches for it is another
    /// question.
    ///
    /// - Parameter nowSeconds: the Unix time.
    package func serviceID(nowSeconds: Int64) throws(CertificateRefusal) -> SPIFFEID {
        // An authority that could also authenticate would be any service that it can sign for.
        guard !isAuthority else { throw .isAuthority }
        if let keyUsage, !keyUsage.isDisjoint(with: [.keyCertSign, .cRLSign]) { throw .maySign }
        guard nowSeconds >= notBeforeSeconds else { throw .notYetValid }
        guard nowSeconds < notAfterSeconds else { throw .expired }
        guard let uri = uris.first else { throw .noURI }
        guard uris.count == 1 else { throw .severalURIs(uris.count) }
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
