import Foundation
import Testing

/// `intentusnet dev-ca` as a person calls it.
@Suite("The command dev-ca")
struct DevelopmentAuthorityCommandTests {
    @Test("makes an authority and certificates that openssl verifies, warns loudly, and again renews them")
    func makes() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let words = ["dev-ca", "--folder", folder.path("ca"), "mesh/gateway=127.0.0.1", "agents/summarizer"]
        let (code, text) = try await ChildProcess.run(ChildProcess.intentusnet, words)
        #expect(code == 0, "\(text)")
        #expect(text.contains("spiffe://cluster.local/ns/mesh/sa/gateway"), "\(text)")
        #expect(text.contains("FOR DEVELOPMENT ONLY"), "\(text)")
        let leaf = folder.path("ca/mesh/gateway.pem")
        let verify = ["verify", "-x509_strict", "-CAfile", folder.path("ca/ca.pem"), leaf]
        let (verified, said) = try await ChildProcess.run("openssl", verify)
        #expect(verified == 0, "\(said)")
        let before = try ["ca.pem", "ca.key", "mesh/gateway.key", "mesh/gateway.pem"].map {
            try String(contentsOfFile: folder.path("ca/\($0)"), encoding: .utf8)
        }
        #expect(try await ChildProcess.run(ChildProcess.intentusnet, words).code == 0)
        let after = try ["ca.pem", "ca.key", "mesh/gateway.key", "mesh/gateway.pem"].map {
            try String(contentsOfFile: folder.path("ca/\($0)"), encoding: .utf8)
        }
        #expect(zip(before, after).map(==) == [true, true, true, false])
    }

    @Test(
        "refuses what it cannot do, with the remedy, and leaves nothing behind",
        arguments: [
            (["gateway"], "must be NAMESPACE/SERVICE-ACCOUNT"), (["a/b", "a/c=ho st"], "neither a DNS name nor an IP"),
            (["--trust-domain", "Cluster.Local", "a/b"], "--trust-domain must be"),
            (["--lifetime-hours", "0", "a/b"], "--lifetime-hours must be 1 to 720"),
            (["--authority-days", "366", "a/b"], "--authority-days must be 1 to 365"),
        ])
    func refuses(words: [String], expected: String) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (code, text) = try await ChildProcess.run(
            ChildProcess.intentusnet, ["dev-ca", "--folder", folder.path("ca")] + words)
        #expect(code != 0)
        #expect(text.contains(expected), "\(text)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("ca")))
    }

    @Test(
        "send and worker refuse options that do not belong together",
        arguments: [
            (["send", "I", "--gateway", "https://127.0.0.1:1", "--cert", "a.pem"], "--cert and --key belong together"),
            (["send", "I", "--gateway", "https://127.0.0.1:1", "--gateway-principal", "a/ns/b/sa/c"], "needs --ca"),
            (["send", "I", "--gateway", "https://127.0.0.1:1", "--node-id", "n"], "--node-id needs --node-secret"),
            (
                ["send", "I", "--gateway", "https://127.0.0.1:1", "--ca", "/nowhere.pem"],
                "'/nowhere.pem' cannot be read"
            ),
            (["worker", "--name", "a", "--intent", "I", "--caller", "a/ns/b/sa/c"], "--caller needs --cert and --key"),
        ])
    func options(words: [String], expected: String) async throws {
        let (code, text) = try await ChildProcess.run(ChildProcess.intentusnet, words)
        #expect(code != 0)
        #expect(text.contains(expected), "\(text)")
    }
}
