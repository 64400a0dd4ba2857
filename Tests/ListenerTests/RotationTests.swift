import Foundation
import LoadClient
import NIOSSL
import RedisFixtures
import Synchronization
import Testing

/// Certificates change as cert-manager, Istio and SPIRE change them: files are written while clients connect.
@Suite("Certificates that change under load", .serialized, .timeLimit(.minutes(5)))
struct RotationTests {
    private static let perSecond = Scale.of(60, soak: 1_000)
    private static let seconds = Scale.of(6, soak: 60)

    @Test("certificate and key are replaced every second, and no request on a new connection fails")
    func rotation() async throws {
        let certificates = try TestCertificates()
        let leaves = try (0..<Self.seconds).map {
            try certificates.leaf("turn-\($0)", alternativeNames: "IP:127.0.0.1,DNS:localhost")
        }
        let folder = try PrivateFolder()
        let shown = TestCertificates.Pair(certificateFile: folder.file("tls.crt"), keyFile: folder.file("tls.key"))
        try Self.put(certificates.server, in: shown)
        let bundle = folder.file("ca.pem")
        let authority = try String(contentsOfFile: certificates.authority.certificateFile, encoding: .utf8)
        try authority.write(toFile: bundle, atomically: true, encoding: .utf8)
        let gateway = try TLSGateway(showing: shown, trusting: [bundle])
        defer { gateway.stop() }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.trustRoots = .file(certificates.authority.certificateFile)
        settings.certificateChain = try NIOSSLCertificate.fromPEMFile(certificates.client.certificateFile)
            .map { .certificate($0) }
        settings.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificates.client.keyFile, format: .pem))
        let load = try ConnectionLoad(
            port: gateway.port, context: try NIOSSLContext(configuration: settings), request: gateway.request.closing,
            perSecond: Self.perSecond)
        async let report = load.run(milliseconds: Self.seconds * 1_000)
        for leaf in leaves {
            try await Task.sleep(for: .seconds(1))
            try Self.put(leaf, in: shown)
            // Authorities come and go meanwhile: here one that signed nothing of ours.
            let other = try String(contentsOfFile: leaf.certificateFile, encoding: .utf8)
            try (authority + other).write(toFile: bundle, atomically: true, encoding: .utf8)
        }
        let result = try await report
        print(
            "rotation: \(leaves.count) certificates in \(Self.seconds) s, \(result.certificates.count) seen, "
                + "\(result.answered) of \(result.sent) answered, p50 \(result.latencies.quantileMicroseconds(0.5)) µs, "
                + "p99 \(result.latencies.quantileMicroseconds(0.99)) µs, worst \(result.latencies.maxMicroseconds) µs")
        #expect(result.failures == [:], "\(gateway.log)")
        #expect(result.answered == result.sent)
        // A busy machine may hold the short form back; what is promised is promised for the full one.
        #expect(result.sent * 100 >= Self.perSecond * Self.seconds * Scale.of(50, soak: 95), "\(result.sent) were sent")
        // They were really shown, one after the other.
        #expect(result.certificates.count >= Self.seconds / 2)
    }

    /// Key and certificate are two files: for a moment they do not belong together.
    private static func put(_ pair: TestCertificates.Pair, in place: TestCertificates.Pair) throws {
        for (from, to) in [(pair.keyFile, place.keyFile), (pair.certificateFile, place.certificateFile)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to), options: .atomic)
        }
    }
}
