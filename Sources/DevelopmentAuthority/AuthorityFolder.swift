import Crypto
import Foundation
package import IntentProtocol
import SwiftASN1
import X509

/// The folder of a development authority: `ca.pem` and `ca.key`, and `NAMESPACE/SERVICE-ACCOUNT.pem` and `.key` of each leaf.
package struct AuthorityFolder: Sendable {
    /// A certificate that was put into the folder.
    package struct Issued: Sendable, Hashable {
        package let id: SPIFFEID
        package let certificateFile: String
        package let keyFile: String
        /// Unix seconds.
        package let notAfterSeconds: Int64
    }

    package let path: String
    package let authority: DevelopmentAuthority
    /// Whether the authority was made just now.
    package let isNew: Bool
    private let isReplacing: Bool
    private let around: AuthoritySurroundings

    package var certificateFile: String { path + "/ca.pem" }
    package var keyFile: String { path + "/ca.key" }

    /// Takes up the authority of a folder, or makes one where there is none.
    ///
    /// - Parameters:
    ///   - lifetimeSeconds: of a new authority.
    ///   - isReplacing: whether a new authority and new keys take the place of whatever is there.
    /// - Throws: ``AuthorityFault`` when something is in the way.
    package init(
        _ path: String, trustDomain: TrustDomain, lifetimeSeconds: Int64, isReplacing: Bool = false,
        _ around: AuthoritySurroundings
    ) throws {
        self.path = path
        self.isReplacing = isReplacing
        self.around = around
        try KeyFile.makeFolder(path)
        let (certificateFile, keyFile) = (path + "/ca.pem", path + "/ca.key")
        let isThere = (KeyFile.exists(certificateFile), KeyFile.exists(keyFile))
        isNew = isReplacing || isThere == (false, false)
        guard !isNew else {
            authority = try DevelopmentAuthority(trustDomain: trustDomain, lifetimeSeconds: lifetimeSeconds, around)
            let put = isReplacing ? KeyFile.replace : KeyFile.create
            try put(keyFile, authority.key.pemText, .owner)
            try put(certificateFile, authority.certificate.serializeAsPEM().pemString, .everyone)
            return
        }
        guard isThere == (true, true) else {
            throw AuthorityFault(
                "'\(path)' holds \(isThere.0 ? "ca.pem without ca.key" : "ca.key without ca.pem"): put the other back, or "
                    + "make a new authority by --force")
        }
        let certificate = try KeyFile.text(certificateFile, for: .everyone)
        let key = try KeyFile.text(keyFile, for: .owner)
        do throws(AuthorityFault) {
            authority = try DevelopmentAuthority(certificatePEM: certificate, keyPEM: key)
        } catch {
            throw AuthorityFault("'\(path)' \(error): take another folder, or make a new authority by --force")
        }
        guard authority.trustDomain == trustDomain else {
            throw AuthorityFault(
                "'\(path)' holds the authority of trust domain \(authority.trustDomain), not of \(trustDomain): take another "
                    + "folder, or make a new authority by --force")
        }
        guard around.unixSeconds() < authority.notAfterSeconds else {
            throw AuthorityFault("the authority in '\(path)' is past its time: make a new one by --force")
        }
    }

    /// Makes a leaf's certificate, or a fresh one for the key that it has.
    ///
    /// A renewal replaces one file by one rename: whoever reads never finds a certificate beside the key of another.
    ///
    /// - Parameter lifetimeSeconds: from now; never past the authority's own end.
    /// - Throws: ``AuthorityFault`` when files that this authority did not make are in the way.
    package func issue(_ name: LeafName, lifetimeSeconds: Int64) throws -> Issued {
        let folder = "\(path)/\(name.namespace)"
        let (certificateFile, keyFile) = (
            "\(folder)/\(name.serviceAccount).pem", "\(folder)/\(name.serviceAccount).key"
        )
        try KeyFile.makeFolder(folder)
        let kept = isReplacing ? nil : try keptKey(certificateFile, keyFile)
        let key = kept ?? around.newKey()
        let leaf = try authority.issue(name, publicKey: key.publicKey, lifetimeSeconds: lifetimeSeconds, around)
        if kept == nil { try (isReplacing ? KeyFile.replace : KeyFile.create)(keyFile, key.pemText, .owner) }
        try KeyFile.replace(certificateFile, leaf.serializeAsPEM().pemString, for: .everyone)
        return Issued(
            id: try name.id(in: authority.trustDomain), certificateFile: certificateFile, keyFile: keyFile,
            notAfterSeconds: Int64(leaf.notValidAfter.timeIntervalSince1970))
    }

    /// The key of a leaf of ours; nil where there is no leaf.
    private func keptKey(_ certificateFile: String, _ keyFile: String) throws -> P256.Signing.PrivateKey? {
        // A key without its certificate is a run that was broken off.
        let isThere = (KeyFile.exists(certificateFile), KeyFile.exists(keyFile))
        guard isThere.0 || isThere.1 else { return nil }
        guard isThere.1 else {
            throw AuthorityFault(
                "'\(certificateFile)' is there without its key: remove it, or make both anew by --force")
        }
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: KeyFile.text(keyFile, for: .owner)) else {
            // Again, for its own words where it cannot be read at all.
            _ = try KeyFile.text(keyFile, for: .owner)
            throw AuthorityFault("'\(keyFile)' holds no EC P-256 key: remove it, or make it anew by --force")
        }
        guard isThere.0 else { return key }
        guard let leaf = try? Certificate(pemEncoded: KeyFile.text(certificateFile, for: .everyone)),
            authority.hasSigned(leaf), leaf.publicKey == Certificate.PrivateKey(key).publicKey
        else {
            throw AuthorityFault(
                "'\(certificateFile)' is no certificate of this authority for '\(keyFile)': remove both, or make them anew "
                    + "by --force")
        }
        return key
    }
}

extension P256.Signing.PrivateKey {
    fileprivate var pemText: String { pemRepresentation + "\n" }
}
