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
        let other = try TestCertificates()
        let stranger = try String(contentsOfFile: other.authority.certificateFile, encoding: .utf8)
        var isWider = false
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
            isWider.toggle()
            try (isWider ? authority + stranger : authority).write(toFile: bundle, atomically: true, encoding: .utf8)
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

    @Test(
        "kept connections, HTTP/1.1 and HTTP/2, go on over every replacement without an error",
        arguments: [true, false])
    func kept(isHTTP2: Bool) async throws {
        let certificates = try TestCertificates()
        let leaves = try (0..<4).map {
            try certificates.leaf("kept-\($0)", alternativeNames: "IP:127.0.0.1,DNS:localhost")
        }
        let folder = try PrivateFolder()
        let shown = TestCertificates.Pair(certificateFile: folder.file("tls.crt"), keyFile: folder.file("tls.key"))
        try Self.put(certificates.server, in: shown)
        let gateway = try TLSGateway(showing: shown)
        defer { gateway.stop() }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.trustRoots = .file(certificates.authority.certificateFile)
        // Those who come anew tell which certificates were shown meanwhile.
        let fresh = try ConnectionLoad(
            port: gateway.port, context: try NIOSSLContext(configuration: settings), request: gateway.request.closing,
            perSecond: 20)
        // So many requests a second over four connections, none of which it opens again: h2load counts an end as an error.
        let words =
            [
                "h2load", "-n", "480", "--rps", "30", "-c", "4", "-m", isHTTP2 ? "4" : "1", "-d",
                try folder.write("envelope.json", gateway.envelope), "-H", "content-type: application/json", "-H",
                "authorization: Bearer \(gateway.token)",
            ] + (isHTTP2 ? [] : ["--h1"]) + ["https://127.0.0.1:\(gateway.port)/api/v1/intent"]
        let kept = try SpawnedProcess(words, log: folder.file("h2load.log"))
        defer { kept.kill9() }
        async let report = fresh.run(milliseconds: 4_000)
        for leaf in leaves {
            try await Task.sleep(for: .milliseconds(800))
            try Self.put(leaf, in: shown)
        }
        let others = try await report
        for _ in 0..<3_000 where kept.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        let text = folder.tail(of: "h2load.log", characters: 8_000)
        #expect(others.failures == [:], "\(gateway.log)")
        #expect(others.certificates.count >= 3, "certificates were replaced meanwhile")
        #expect(text.contains("Application protocol: \(isHTTP2 ? "h2" : "http/1.1")"), "\(text)")
        #expect(text.contains("480 done, 480 succeeded, 0 failed, 0 errored, 0 timeout"), "\(text)\n\(gateway.log)")
        #expect(text.contains("status codes: 480 2xx"), "\(text)")
    }

    /// Key and certificate are two files: for a moment they do not belong together.
    private static func put(_ pair: TestCertificates.Pair, in place: TestCertificates.Pair) throws {
        for (from, to) in [(pair.keyFile, place.keyFile), (pair.certificateFile, place.certificateFile)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to), options: .atomic)
        }
    }
}
