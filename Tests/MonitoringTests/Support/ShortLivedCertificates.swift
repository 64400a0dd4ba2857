import Crypto
import DevelopmentAuthority
import Foundation
import IntentProtocol
import RedisFixtures
import Synchronization

/// Certificates whose end a test chooses.
final class ShortLivedCertificates: Sendable {
    /// Certificates begin so long ago.
    private static let ageSeconds: Int64 = 3_600

    private let folder: PrivateFolder
    private let serial = Mutex<UInt8>(0)

    init() throws { folder = try PrivateFolder() }

    var authorityFile: String { folder.file("authority/ca.pem") }

    /// Makes a certificate for a gateway, or renews it in its place.
    func issue(remainingSeconds: Int64) throws -> AuthorityFolder.Issued {
        let began = Int64(Date().timeIntervalSince1970) - Self.ageSeconds
        let around = AuthoritySurroundings(
            unixSeconds: { began }, newKey: { P256.Signing.PrivateKey() },
            newSerial: {
                [UInt8](
                    repeating: self.serial.withLock {
                        $0 += 1
                        return $0
                    }, count: 16)
            })
        guard let domain = TrustDomain("cluster.local") else { throw FixtureError("no trust domain") }
        return try AuthorityFolder(
            folder.file("authority"), trustDomain: domain, lifetimeSeconds: 30 * 86_400, isReplacing: false, around
        ).issue(LeafName("default/api-gateway"), lifetimeSeconds: Self.ageSeconds + remainingSeconds)
    }
}
