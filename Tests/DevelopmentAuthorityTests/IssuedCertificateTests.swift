import DevelopmentAuthority
import Foundation
import Identity
import IntentProtocol
import NIOSSL
import RedisFixtures
import Synchronization
import Testing

@testable import GatewayHTTP

/// What the certificates say, by the word of others: openssl, the gateway's verifier, and a handshake.
@Suite("Certificates of the development authority")
struct IssuedCertificateTests {
    @Test("openssl verifies a leaf for servers and for clients")
    func verified() throws {
        let fixture = try AuthorityFixture()
        let issued = try fixture.issue()
        for purpose in ["sslserver", "sslclient"] {
            #expect(try fixture.opensslVerify(issued.certificateFile, purpose: purpose).contains(": OK"))
        }
        #expect(throws: FixtureError.self) {
            try fixture.opensslVerify(issued.certificateFile, purpose: "smimesign")
        }
    }

    @Test("a leaf names its service and its hosts, and may sign nothing")
    func leaf() throws {
        let fixture = try AuthorityFixture()
        let text = try fixture.opensslText(
            try fixture.issue("default/api-gateway=127.0.0.1,localhost,::1").certificateFile)
        let names = "URI:spiffe://cluster.local/ns/default/sa/api-gateway, DNS:localhost, IP Address:127.0.0.1, "
        #expect(text.contains(names), "\(text)")
        for part in [
            "CA:FALSE", "Digital Signature\n", "TLS Web Server Authentication, TLS Web Client Authentication",
            "ecdsa-with-SHA256", "NIST CURVE: P-256", "Subject Key Identifier", "Authority Key Identifier",
            "not for production",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
    }

    @Test("the authority may sign leaves and no further authority")
    func authority() throws {
        let fixture = try AuthorityFixture()
        let text = try fixture.opensslText(try fixture.open().certificateFile)
        for part in [
            "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign\n", "URI:spiffe://cluster.local\n", "not for production",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
    }

    @Test("each certificate has a serial number of its own, positive and of full length")
    func serials() throws {
        let fixture = try AuthorityFixture()
        let numbers = try (0..<3).map { _ in
            try SpawnedProcess.run(
                ["openssl", "x509", "-noout", "-serial", "-in", try fixture.issue().certificateFile],
                in: fixture.folder)
        }
        #expect(Set(numbers).count == 3)
        for number in numbers { #expect(number.contains(#/^serial=[4-7][0-9A-F]{31}\n/#), "\(number)") }
    }

    @Test("a leaf lives as long as was asked for, and never longer than its authority")
    func lifetimes() throws {
        let fixture = try AuthorityFixture()
        let now = fixture.unixSeconds.withLock { $0 }
        let folder = try fixture.open(days: 2)
        #expect(
            try folder.issue(LeafName(AuthorityFixture.service), lifetimeSeconds: 3_600).notAfterSeconds == now + 3_600)
        let long = try folder.issue(LeafName(AuthorityFixture.service), lifetimeSeconds: 72 * 3_600)
        #expect(long.notAfterSeconds == now + 2 * 86_400)
    }

    @Test("the gateway's verifier believes a leaf until its end, and not that of another authority")
    func gatewayVerifier() throws {
        let fixture = try AuthorityFixture()
        let issued = try fixture.issue(hours: 1)
        let domain = try #require(TrustDomain("cluster.local"))
        let now = fixture.unixSeconds.withLock { $0 }
        func verifier(_ fixture: AuthorityFixture) throws -> CertificateVerifier {
            let authorities = try NIOSSLCertificate.fromPEMFile(fixture.path + "/ca.pem").map { try $0.toDERBytes() }
            return try CertificateVerifier(TrustDomainTable(domain), bundles: [domain: authorities])
        }
        let chain = try NIOSSLCertificate.fromPEMFile(issued.certificateFile).map { try $0.toDERBytes() }
        let own = try verifier(fixture)
        for purpose in [CertificatePurpose.client, .server] {
            let verified = try own.verify(chain, as: purpose, nowSeconds: now)
            #expect(verified.identity.principal == "cluster.local/ns/default/sa/api-gateway")
        }
        #expect(throws: CertificateRefusal.expired) {
            try own.verify(chain, as: .client, nowSeconds: now + 3_601)
        }
        let other = try AuthorityFixture()
        _ = try other.open()
        let stranger = try verifier(other)
        #expect(throws: CertificateRefusal.self) { try stranger.verify(chain, as: .client, nowSeconds: now) }
    }

    @Test("gateway and client shake hands with them, by host name and by service")
    func handshake() throws {
        let fixture = try AuthorityFixture()
        let server = try fixture.material(try fixture.issue("default/gateway=localhost"))
        let client = try fixture.material(try fixture.issue("default/client"))
        let listener = try server.listenerContexts(clients: .require).whole
        let contexts = try client.upstreamContexts()
        for (context, host) in [(contexts.named, "localhost"), (contexts.unnamed, "elsewhere")] {
            #expect(try Handshake(listener, NIOSSLClientHandler(context: context, serverHostname: host)).isDone)
        }
        let elsewhere = try Handshake(
            listener, NIOSSLClientHandler(context: contexts.named, serverHostname: "elsewhere"))
        #expect(!elsewhere.isDone)
        let stranger = try AuthorityFixture()
        let strange = try stranger.material(try stranger.issue("default/client")).upstreamContexts()
        #expect(!(try Handshake(listener, NIOSSLClientHandler(context: strange.unnamed, serverHostname: nil)).isDone))
    }
}
