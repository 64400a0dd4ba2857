package import Crypto
import Foundation
package import IntentProtocol
import SwiftASN1
package import X509

/// A small authority for one trust domain, for development and tests; never one for production.
///
/// It describes itself without its key, so that the key cannot be printed by accident.
package struct DevelopmentAuthority: Sendable, CustomStringConvertible {
    /// How long before now a certificate begins: a machine beside this one may be a little behind.
    private static let skewSeconds: Int64 = 60

    package let trustDomain: TrustDomain
    package let certificate: Certificate
    package let key: P256.Signing.PrivateKey

    package var description: String { "DevelopmentAuthority(\(trustDomain), <redacted>)" }

    /// The Unix second at which its time is over.
    package var notAfterSeconds: Int64 { Int64(certificate.notValidAfter.timeIntervalSince1970) }

    /// Makes a new one, which may sign leaf certificates and no further authority.
    package init(
        trustDomain: TrustDomain, lifetimeSeconds: Int64, _ around: AuthoritySurroundings
    ) throws {
        let key = around.newKey()
        let name = try DistinguishedName {
            OrganizationName(Self.organization)
            CommonName("development authority")
        }
        let signer = Certificate.PrivateKey(key)
        let now = around.unixSeconds()
        certificate = try Certificate(
            version: .v3, serialNumber: Self.serial(around), publicKey: signer.publicKey,
            notValidBefore: Self.date(now - Self.skewSeconds), notValidAfter: Self.date(now + lifetimeSeconds),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: signer.publicKey)
                // An authority's ID is that of its trust domain: what it was made for can be read from it.
                SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://\(trustDomain.name)")])
            }, issuerPrivateKey: signer)
        self.key = key
        self.trustDomain = trustDomain
    }

    /// Takes up one that was made before.
    ///
    /// - Throws: ``AuthorityFault`` when it is none of ours; a sentence without its beginning.
    package init(certificatePEM: String, keyPEM: String) throws(AuthorityFault) {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: keyPEM)
        else { throw AuthorityFault("holds no certificate and EC P-256 key in PEM form") }
        guard Certificate.PrivateKey(key).publicKey == certificate.publicKey else {
            throw AuthorityFault("holds a certificate and the key of another")
        }
        guard let names = try? certificate.extensions.subjectAlternativeNames, names.count == 1,
            case .uniformResourceIdentifier(let uri)? = names.first, let id = try? SPIFFEID(uri), id.isTrustDomain
        else { throw AuthorityFault("holds an authority that was not made by this command") }
        self.certificate = certificate
        self.key = key
        trustDomain = id.trustDomain
    }

    /// Signs a certificate for servers and clients alike.
    ///
    /// - Parameters:
    ///   - publicKey: the service's.
    ///   - lifetimeSeconds: from now; never past the authority's own end.
    /// - Throws: ``AuthorityFault`` when the authority's time is over.
    package func issue(
        _ name: LeafName, publicKey: P256.Signing.PublicKey, lifetimeSeconds: Int64, _ around: AuthoritySurroundings
    ) throws -> Certificate {
        let now = around.unixSeconds()
        guard now < notAfterSeconds else { throw AuthorityFault("the authority's time is over; make a new one") }
        let subjectKey = Certificate.PublicKey(publicKey)
        let id = try name.id(in: trustDomain)
        let names =
            [.uniformResourceIdentifier(id.text)] + name.dnsNames.map { GeneralName.dnsName($0) }
            + name.addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        return try Certificate(
            version: .v3, serialNumber: Self.serial(around), publicKey: subjectKey,
            notValidBefore: Self.date(now - Self.skewSeconds),
            notValidAfter: Self.date(min(now + lifetimeSeconds, notAfterSeconds)), issuer: certificate.subject,
            subject: DistinguishedName { OrganizationName(Self.organization) }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectKeyIdentifier(hash: subjectKey)
                AuthorityKeyIdentifier(
                    keyIdentifier: try certificate.extensions.subjectKeyIdentifier?.keyIdentifier)
                SubjectAlternativeNames(names)
            }, issuerPrivateKey: Certificate.PrivateKey(key))
    }

    /// Whether this authority signed a certificate.
    package func hasSigned(_ leaf: Certificate) -> Bool {
        certificate.publicKey.isValidSignature(leaf.signature, for: leaf)
    }

    private static let organization = "intentusnet development, not for production"

    /// Positive and of full length: the first byte is neither negative nor dropped as zero.
    private static func serial(_ around: AuthoritySurroundings) -> Certificate.SerialNumber {
        var bytes = around.newSerial()
        bytes[0] = bytes[0] & 0x7F | 0x40
        return Certificate.SerialNumber(bytes: bytes)
    }

    private static func date(_ unixSeconds: Int64) -> Date { Date(timeIntervalSince1970: Double(unixSeconds)) }
}
