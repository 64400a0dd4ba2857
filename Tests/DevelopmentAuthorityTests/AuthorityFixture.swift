import Crypto
import DevelopmentAuthority
import Foundation
import GatewayHTTP
import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

/// An authority in a private folder, whose clock a test moves.
final class AuthorityFixture: Sendable {
    /// A name that every test may use.
    static let service = "default/api-gateway"

    let folder: PrivateFolder
    let unixSeconds = Mutex(Int64(Date().timeIntervalSince1970))
    private let serials = Mutex<UInt8>(0)

    init() throws {
        folder = try PrivateFolder()
    }

    var path: String { folder.file("authority") }

    var surroundings: AuthoritySurroundings {
        AuthoritySurroundings(
            unixSeconds: { self.unixSeconds.withLock { $0 } }, newKey: { P256.Signing.PrivateKey() },
            newSerial: {
                [UInt8](
                    repeating: self.serials.withLock {
                        $0 += 1; return $0
                    }, count: 16)
            })
    }

    func open(
        trustDomain: String = "cluster.local", days: Int64 = 30, isReplacing: Bool = false
    ) throws -> AuthorityFolder {
        try AuthorityFolder(
            path, trustDomain: try #require(TrustDomain(trustDomain)), lifetimeSeconds: days * 86_400,
            isReplacing: isReplacing, surroundings)
    }

    func issue(_ name: String = service, hours: Int64 = 24) throws -> AuthorityFolder.Issued {
        try open().issue(LeafName(name), lifetimeSeconds: hours * 3_600)
    }

    /// The command's own word on a leaf.
    func opensslVerify(_ leaf: String, purpose: String) throws -> String {
        try SpawnedProcess.run(
            [
                "openssl", "verify", "-x509_strict", "-attime", "\(unixSeconds.withLock { $0 })", "-purpose", purpose,
                "-CAfile", path + "/ca.pem", leaf,
            ], in: folder)
    }

    func opensslText(_ certificate: String) throws -> String {
        try SpawnedProcess.run(["openssl", "x509", "-noout", "-text", "-in", certificate], in: folder)
    }

    func text(_ name: String) throws -> String { try String(contentsOfFile: name, encoding: .utf8) }

    func file(_ name: String) throws -> PEMFile { PEMFile(name: name, bytes: Array(try text(name).utf8)) }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: name)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
    }

    func material(_ issued: AuthorityFolder.Issued) throws -> TLSMaterial {
        try TLSMaterial(
            identity: (try file(issued.certificateFile), try file(issued.keyFile)), bundles: [file(path + "/ca.pem")],
            unixSeconds: unixSeconds.withLock { $0 })
    }
}
