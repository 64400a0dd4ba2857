import DevelopmentIssuer
import Foundation
import RedisFixtures
import Testing

/// A gateway as whoever starts it sees it.
@Suite("A supervised gateway")
struct SupervisedCommandTests {
    @Test("keeps its name, and ends with its parent where the kernel was told so")
    func endsWithParent() throws {
        let folder = try PrivateFolder()
        _ = try folder.write("jwks.json", try DevelopmentKey(keyId: "k1").jwks())
        _ = try folder.write("policy.yaml", "default: deny\nrules: [{ id: users, action: ALLOW, roles: [user] }]\n")
        let configuration = try folder.write(
            "gateway.yaml",
            """
            listen: { http: "127.0.0.1:0" }
            admin: { http: "127.0.0.1:0" }
            authentication:
              issuers: [{ issuer: "https://idp.example.com", audiences: [intentusnet], jwks: { file: jwks.json } }]
            policy: { files: [policy.yaml] }
            audit: { output: none }

            """)
        let script = #"setpriv --pdeathsig KILL "$@" >gateway.log 2>&1 & echo $! >gateway.pid; wait"#
        let supervisor = try SpawnedProcess(
            [
                "env", "-C", folder.path, "sh", "-c", script, "sh", try BuiltCommand.path, "gateway", "--config",
                configuration,
            ],
            log: folder.file("supervisor.log"))
        try Deadline.wait(for: "the gateway", milliseconds: Deadline.startMilliseconds) {
            folder.tail(of: "gateway.log", characters: 4_000).contains("listening")
        }
        let text = try String(contentsOfFile: folder.file("gateway.pid"), encoding: .utf8)
        let identifier = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        func read(_ name: String) -> String? {
            try? String(contentsOfFile: "/proc/\(identifier)/\(name)", encoding: .utf8)
        }
        #expect(read("comm") == "intentusnet\n")
        #expect(read("environ")?.contains("GLIBC_TUNABLES=") == true, "it has started itself anew")
        supervisor.kill9()
        // One that nobody has waited for yet has no words any more.
        try Deadline.wait(for: "the end of the gateway", milliseconds: 10_000) { read("cmdline")?.isEmpty != false }
    }
}
