import Foundation
import RedisFixtures

@testable import GatewayHTTP

/// Certificates for the tests of the listener, and clients that are no part of this project.
enum TLSFixture {
    static let certificates = Result { try TestCertificates() }
    static let expiredClient = Result { try certificates.get().expiredLeaf("expired-client") }

    static func file(_ path: String) throws -> PEMFile {
        PEMFile(name: path, bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
    }

    static func material(
        _ pair: TestCertificates.Pair? = nil, bundles: [String]? = nil,
        unixSeconds: Int64 = Int64(Date().timeIntervalSince1970)
    ) throws -> TLSMaterial {
        let certificates = try certificates.get()
        let pair = pair ?? certificates.server
        return try TLSMaterial(
            identity: (try file(pair.certificateFile), try file(pair.keyFile)),
            bundles: try (bundles ?? [certificates.authority.certificateFile]).map(file), unixSeconds: unixSeconds)
    }

    static func listener(
        _ pair: TestCertificates.Pair? = nil, clients: ClientCertificates = .none, isTLS13Only: Bool = false,
        offersHTTP2: Bool = false, names: ServerNames? = nil, verification: TLSCredentials.PeerVerification? = nil
    ) throws -> ListenerTLS {
        let contexts = try material(pair).listenerContexts(
            clients: clients, isTLS13Only: isTLS13Only, offersHTTP2: offersHTTP2, names: names)
        return ListenerTLS(TLSCredentials(contexts, verification: verification))
    }
}

extension CertificateVerdict {
    static let untrusted = CertificateVerdict.refused(RefusedCertificate(reason: "test", message: "not by this test"))
}

/// What `curl` made of a request.
struct CurlAnswer: CustomStringConvertible {
    /// Curl's own exit code; 0 when there was an answer.
    var exitCode: Int32
    var status = 0
    var version = ""
    var output = ""

    var description: String { "exit \(exitCode) status \(status) HTTP/\(version): \(output)" }
}

extension TestServer {
    /// Posts with `curl` and the words given; trusts the tests' authority.
    func curl(_ words: [String] = [], scheme: String = "https", body: String = "hello") throws -> CurlAnswer {
        let certificates = try TLSFixture.certificates.get()
        let log = certificates.folder.file("curl-\(UUID().uuidString).log")
        let all =
            [
                "curl", "-sS", "-i", "--max-time", "10", "--noproxy", "*", "--cacert",
                certificates.authority.certificateFile, "-H", "content-type: application/json", "--data-binary", body,
                "-w", "\n%{http_code} %{http_version}", "\(scheme)://127.0.0.1:\(server.port)/api/v1/intent",
            ] + words
        let process = try SpawnedProcess(all, log: log)
        let code = try process.waitForEnd(milliseconds: 20_000)
        let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        let last = output.split(separator: "\n").last.map { $0.split(separator: " ") } ?? []
        return CurlAnswer(
            exitCode: code, status: last.first.flatMap { Int($0) } ?? 0, version: last.last.map(String.init) ?? "",
            output: output)
    }

    /// Whether curl got no answer at all.
    func isRefused(_ words: [String] = []) -> Bool { (try? curl(words))?.exitCode != 0 }

    func curlStatus(_ words: [String] = []) -> Int? { (try? curl(words))?.status }

    func curlOutput(_ words: [String] = []) -> String { (try? curl(words))?.output ?? "" }

    /// A file that a session is kept in between two connections.
    static func session() throws -> String {
        try TLSFixture.certificates.get().folder.file("session-\(UUID().uuidString)")
    }

    /// What `openssl s_client` says of one request on a connection of its own, whatever its exit code.
    func openssl(_ words: [String], showsCertificate: Bool = false) throws -> String {
        let certificates = try TLSFixture.certificates.get()
        let client = certificates.client
        let all =
            ["-connect", "127.0.0.1:\(server.port)", "-ign_eof"] + words
            + (showsCertificate ? ["-cert", client.certificateFile, "-key", client.keyFile] : [])
        let request = "GET /api/v1/agents HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n"
        let script = "printf '\(request)' | openssl s_client \(all.joined(separator: " ")) 2>&1 || true"
        return try SpawnedProcess.run(["sh", "-c", script], in: certificates.folder)
    }

    /// The words that make curl show a certificate.
    static func showing(_ pair: TestCertificates.Pair) -> [String] {
        ["--cert", pair.certificateFile, "--key", pair.keyFile]
    }
}
