import DevelopmentAuthority
import DevelopmentIssuer
import Foundation
import IdentityFixtures
import RedisFixtures

/// A gateway as a process that takes mutual TLS and sealed envelopes (EMCL v2) alone, and a worker behind it.
final class SecuredGateway {
    static let principal = "cluster.local/ns/default/sa/gateway"

    let folder: PrivateFolder
    let url: String
    private let files: IssuedFiles
    private let processes: [SpawnedProcess]

    init() throws {
        files = try IssuedFiles()
        folder = try PrivateFolder()
        let ports = try FreePorts.next(3)
        url = "https://127.0.0.1:\(ports[0])"
        for name in ["ring.json", "other.json"] {
            let key = (0..<32).map { _ in String(format: "%02x", UInt8.random(in: 0...255)) }.joined()
            _ = try folder.write(name, #"{"keys": [{"id": "first", "key": "\#(key)"}]}"#)
        }
        let issuer = try DevelopmentKey(keyId: "k1")
        _ = try folder.write("jwks.json", try issuer.jwks())
        let claims = DevelopmentClaims(
            issuer: "https://idp.example.com", audience: "intentusnet", subject: "load", roles: ["user"],
            tenant: "acme", lifetimeSeconds: 3_600)
        _ = try folder.write("token", try issuer.sign(claims))
        _ = try folder.write("policy.yaml", "default: deny\nrules: [{ id: users, action: ALLOW, roles: [user] }]\n")
        let shown = try files.issue("default/gateway")
        let configuration = try folder.write(
            "gateway.yaml",
            """
            listen:
              http: "127.0.0.1:\(ports[0])"
              tls:
                certificateFile: \(shown.certificateFile)
                keyFile: \(shown.keyFile)
                trustBundleFiles: [\(files.bundle)]
            admin: { http: "127.0.0.1:\(ports[1])" }
            authentication:
              issuers: [{ issuer: "https://idp.example.com", audiences: [intentusnet], jwks: { file: jwks.json } }]
            policy: { files: [policy.yaml] }
            emcl: { keyRingFile: ring.json, clients: required, workers: required }
            audit: { output: none }
            agents:
              - name: summarizer
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:\(ports[2])/execute-agent" }]

            """)
        let command = try BuiltCommand.path
        let worker = [
            command, "worker", "--name", "summarizer", "--intent", "SummarizeIntent", "--port", "\(ports[2])",
            "--key-ring", folder.file("ring.json"),
        ]
        processes = [
            try SpawnedProcess(worker, log: folder.file("worker.log")),
            try SpawnedProcess([command, "gateway", "--config", configuration], log: folder.file("gateway.log")),
        ]
        try Deadline.wait(for: "gateway and worker", milliseconds: Deadline.startMilliseconds) {
            _ = try PlainHTTP.get("/", port: ports[2])
            return try PlainHTTP.get("/health/ready", port: ports[1]).hasPrefix("HTTP/1.1 200")
        }
    }

    deinit { for process in processes { process.kill9() } }

    /// Words of a generator that seals by a ring, or sends in clear, and shows a certificate of an authority.
    func words(ring: String?, from authority: IssuedFiles? = nil) throws -> [String] {
        let shown = try (authority ?? files).issue("default/load")
        var words = [
            "--gateway", url, "--gateway-principal", Self.principal, "--ca", files.bundle, "--cert",
            shown.certificateFile, "--key", shown.keyFile, "--token", "@\(folder.file("token"))", "--intent",
            "SummarizeIntent", "--payload", #"{"text":"hello"}"#, "--rate", "100", "--duration", "2s", "--connections",
            "8", "--quiet", "--fail-if", "errors>0%", "--json", folder.file("result.json"),
        ]
        if let ring { words += ["--key-ring", folder.file(ring)] }
        return words
    }
}
