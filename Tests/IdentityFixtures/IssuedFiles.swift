import Crypto
package import DevelopmentAuthority
import Foundation
package import GatewayHTTP
import IntentProtocol
package import RedisFixtures

/// A development authority in a private folder, and certificates of it for tests.
package final class IssuedFiles: Sendable {
    package let folder: PrivateFolder
    package let authority: AuthorityFolder

    /// - Parameter ageSeconds: how long ago all certificates are made; those that ended since are of use too.
    package init(ageSeconds: Int64 = 0) throws {
        folder = try PrivateFolder()
        guard let domain = TrustDomain("cluster.local") else { throw FixtureError("no trust domain") }
        authority = try AuthorityFolder(
            folder.file("authority"), trustDomain: domain, lifetimeSeconds: 864_000,
            AuthoritySurroundings(
                unixSeconds: { Int64(Date().timeIntervalSince1970) - ageSeconds },
                newKey: { P256.Signing.PrivateKey() },
                newSerial: {
                    var generator = SystemRandomNumberGenerator()
                    return (0..<16).map { _ in generator.next() }
                }))
    }

    package var bundle: String { authority.certificateFile }

    /// - Parameter name: as `intentusnet dev-ca` reads it.
    package func issue(_ name: String, lifetimeSeconds: Int64 = 3_600) throws -> AuthorityFolder.Issued {
        try authority.issue(LeafName(name), lifetimeSeconds: lifetimeSeconds)
    }

    /// What a listener shows, which trusts this authority's clients.
    ///
    /// - Parameter unixSeconds: the clock of whoever puts it in force; an earlier one lets an ended certificate be shown.
    package func listener(
        _ shown: AuthorityFolder.Issued, clients: ClientCertificates,
        unixSeconds: Int64 = Int64(Date().timeIntervalSince1970)
    ) throws -> ListenerTLS {
        let material = try TLSMaterial(
            identity: (Self.file(shown.certificateFile), Self.file(shown.keyFile)), bundles: [Self.file(bundle)],
            unixSeconds: unixSeconds)
        return ListenerTLS(TLSCredentials(try material.listenerContexts(clients: clients)))
    }

    private static func file(_ path: String) throws -> PEMFile {
        PEMFile(name: path, bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
    }
}
