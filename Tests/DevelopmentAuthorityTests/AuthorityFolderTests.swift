import DevelopmentAuthority
import Foundation
import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

/// What the folder keeps, and what it refuses to write over.
@Suite("The folder of the development authority")
struct AuthorityFolderTests {
    @Test("keys are their owner's alone, and so is the folder")
    func modes() throws {
        let fixture = try AuthorityFixture()
        let issued = try fixture.issue()
        for key in [fixture.path + "/ca.key", issued.keyFile] { #expect(try fixture.mode(key) == 0o600) }
        #expect(try fixture.mode(fixture.path) == 0o700)
    }

    @Test("a second run keeps the authority and the key, and renews the certificate")
    func renewal() throws {
        let fixture = try AuthorityFixture()
        let first = try fixture.issue()
        let before = try [fixture.path + "/ca.pem", fixture.path + "/ca.key", first.keyFile].map(fixture.text)
        let certificate = try fixture.text(first.certificateFile)
        fixture.unixSeconds.withLock { $0 += 3_600 }
        let second = try fixture.issue()
        #expect(second.notAfterSeconds == first.notAfterSeconds + 3_600)
        #expect(try [fixture.path + "/ca.pem", fixture.path + "/ca.key", first.keyFile].map(fixture.text) == before)
        #expect(try fixture.text(first.certificateFile) != certificate)
        #expect(try fixture.opensslVerify(second.certificateFile, purpose: "sslserver").contains(": OK"))
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/default")
        #expect(names.sorted() == ["api-gateway.key", "api-gateway.pem"])
    }

    @Test("with --force authority and keys are made anew")
    func force() throws {
        let fixture = try AuthorityFixture()
        let first = try fixture.issue()
        let before = try [fixture.path + "/ca.pem", fixture.path + "/ca.key", first.keyFile].map(fixture.text)
        let second = try fixture.open(isReplacing: true).issue(LeafName(AuthorityFixture.service), lifetimeSeconds: 60)
        let after = try [fixture.path + "/ca.pem", fixture.path + "/ca.key", second.keyFile].map(fixture.text)
        for (old, new) in zip(before, after) { #expect(old != new) }
        #expect(try fixture.mode(second.keyFile) == 0o600)
        #expect(try fixture.opensslVerify(second.certificateFile, purpose: "sslserver").contains(": OK"))
    }

    /// A step that spoils a folder, and words of the refusal that follows.
    static let spoiled: [(@Sendable (AuthorityFixture) throws -> Void, String)] = [
        ({ try FileManager.default.removeItem(atPath: $0.path + "/ca.key") }, "ca.pem without ca.key"),
        ({ try FileManager.default.removeItem(atPath: $0.path + "/ca.pem") }, "ca.key without ca.pem"),
        ({ try Data("x".utf8).write(to: URL(filePath: $0.path + "/ca.pem")) }, "no certificate and EC P-256 key"),
        (
            { fixture in
                let other = try AuthorityFixture()
                _ = try other.open()
                try Data(other.text(other.path + "/ca.pem").utf8).write(to: URL(filePath: fixture.path + "/ca.pem"))
            }, "the key of another"
        ),
        (
            { fixture in
                let leaf = try fixture.issue()
                for (from, to) in [(leaf.certificateFile, "/ca.pem"), (leaf.keyFile, "/ca.key")] {
                    try Data(fixture.text(from).utf8).write(to: URL(filePath: fixture.path + to))
                }
            }, "not made by this command"
        ),
        ({ #expect(chmod($0.path + "/ca.key", 0o644) == 0) }, "chmod 600"),
        ({ $0.unixSeconds.withLock { $0 += 31 * 86_400 } }, "past its time"),
        ({ try Data("x".utf8).write(to: URL(filePath: $0.issue().keyFile)) }, "no EC P-256 key"),
        ({ try FileManager.default.removeItem(atPath: $0.issue().keyFile) }, "without its key"),
        (
            { try Data("mine".utf8).write(to: URL(filePath: $0.issue().certificateFile)) },
            "no certificate of this authority"
        ),
        (
            { fixture in
                _ = try fixture.issue("default/other")
                let (own, other) = (try fixture.issue(), try fixture.issue("default/other"))
                try Data(fixture.text(other.certificateFile).utf8).write(to: URL(filePath: own.certificateFile))
            }, "no certificate of this authority for"
        ),
    ]

    @Test("what it did not make, it does not write over", arguments: spoiled.indices)
    func refusals(_ index: Int) throws {
        let (spoil, words) = Self.spoiled[index]
        let fixture = try AuthorityFixture()
        _ = try fixture.open()
        try spoil(fixture)
        let fault = #expect(throws: AuthorityFault.self) { try fixture.issue() }
        #expect(fault?.description.contains(words) == true, "\(String(describing: fault))")
    }

    @Test("another trust domain's authority is not taken up")
    func otherTrustDomain() throws {
        let fixture = try AuthorityFixture()
        _ = try fixture.open()
        let fault = #expect(throws: AuthorityFault.self) { try fixture.open(trustDomain: "other.example") }
        #expect(fault?.description.contains("trust domain cluster.local, not of other.example") == true)
    }

    @Test("a link in the place of a key is not written through")
    func link() throws {
        let fixture = try AuthorityFixture()
        _ = try fixture.open()
        try FileManager.default.createDirectory(atPath: fixture.path + "/default", withIntermediateDirectories: true)
        let target = fixture.folder.file("target")
        let link = fixture.path + "/default/api-gateway.key"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        #expect(throws: AuthorityFault.self) { try fixture.issue() }
        #expect(!FileManager.default.fileExists(atPath: target))
    }

    @Test(
        "an identity that cannot be one is refused, with how it is written",
        arguments: [
            "", "default", "default/", "/a", "a/b/c", "a b/c", "../a", "a/..", "a/.hidden", "ns/ü", "a/b=", "a/b=,",
            "a/b=-x", "a/b=1.2.3", "a/b=1.2.3.4.5", "a/b=x..y", "a/b=ho st",
            "a/b=\(String(repeating: "x.", count: 127))x",
            "a/b=" + [String](repeating: "h", count: 33).joined(separator: ","),
        ])
    func badIdentities(_ text: String) throws {
        #expect(throws: AuthorityFault.self) { try LeafName(text) }
    }

    @Test("an identity is read with its hosts")
    func identity() throws {
        let name = try LeafName("team-a/api.v2=127.0.0.1,gateway.example,::1")
        #expect((name.namespace, name.serviceAccount) == ("team-a", "api.v2"))
        #expect(name.dnsNames == ["gateway.example"])
        #expect(name.addresses == [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]])
    }
}
