import DevelopmentIssuer
import Foundation
import GatewayNode
import Testing

/// Envelopes that are sealed on both sides of a gateway: by the Python package, and by our own SDKs.
@Suite("Sealed peers", .serialized)
struct SealedPeerTests {
    /// Raw for the Python package and for us: 32 characters.
    private static let text = "0123456789abcdef0123456789abcdef"
    private static let ring = """
        {"keys": [
          {"id": "python", "text": "\(text)", "profile": "v1"},
          {"id": "ours", "key": "\(String(repeating: "5a", count: 32))"}
        ]}
        """

    private struct House {
        let folder: TestFolder
        let node: GatewayNode
        let token: String

        static func open(agents: String, emcl: String) async throws -> House {
            let folder = try TestFolder()
            let key = try DevelopmentKey(keyId: "k1")
            try folder.write(key.jwks(), to: "jwks.json")
            try folder.write(
                "default: deny\nrules:\n  - { id: users, action: ALLOW, roles: [user] }\n", to: "policy.yaml")
            try folder.write(SealedPeerTests.ring, to: "ring.json")
            try folder.write(
                """
                listen: { http: "127.0.0.1:0" }
                admin: { http: "127.0.0.1:0" }
                eventLoops: 1
                store: memory
                authentication:
                  issuers: [{ issuer: "https://idp.example.com", audiences: [intentusnet], jwks: { file: jwks.json } }]
                policy: { files: [policy.yaml] }
                audit: { output: file, file: audit.jsonl }
                log: { level: critical }
                registration: { allow: [{ agents: ["*"], roles: [agent] }] }
                emcl: { keyRingFile: ring.json, \(emcl) }
                agents: \(agents)
                """, to: "gateway.yaml")
            let node = try await GatewayNode(configurationFile: folder.path("gateway.yaml"), environment: [:])
            try await node.start()
            return House(
                folder: folder, node: node,
                token: try key.sign(
                    DevelopmentClaims(
                        issuer: "https://idp.example.com", audience: "intentusnet", subject: "alice",
                        roles: ["user", "agent"], tenant: "acme", lifetimeSeconds: 600)))
        }

        func close() async {
            await node.stop()
            folder.remove()
        }
    }

    private static func python(_ house: House, key: String = text) async throws -> [String: Any] {
        let script = ChildProcess.root.appending(path: "Tests/Interop/sealed_peer.py").path
        let (_, text) = try await ChildProcess.run(
            ChildProcess.python,
            [
                script, "send", "http://127.0.0.1:\(house.node.dataPort)/api/v1/intent", "--key", key, "--token",
                house.token,
            ])
        let line = text.split(separator: "\n").last.map(String.init) ?? ""
        return try #require(
            JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "the client said: \(text)")
    }

    @Test(
        "the Python package seals for the gateway and opens its answer, and so does an agent of it behind the gateway")
    func pythonBothSides() async throws {
        let port = try freePort()
        let script = ChildProcess.root.appending(path: "Tests/Interop/sealed_peer.py").path
        let agent = try ChildProcess(
            ChildProcess.python, [script, "agent", "--port", "\(port)", "--key", Self.text])
        try await eventually("the Python agent; it said: \(agent.text)") { agent.text.contains("listening") }
        let house = try await House.open(
            agents: """
                [{ name: python, intents: [{ name: EchoIntent }], instances: [{ url: "http://127.0.0.1:\(port)/execute-agent" }] }]
                """, emcl: "clientProfiles: [v1, v2], workers: required, workerProfile: v1")
        let said = try await Self.python(house)
        #expect(said["status"] as? Int == 200, "\(said)")
        let payload = (said["response"] as? [String: Any])?["payload"] as? [String: Any]
        #expect(payload?["sealed"] as? Bool == true, "\(said)")
        #expect((payload?["echo"] as? [String: Any])?["text"] as? String == "naïve café 🚀")
        // With another key the answer is a refusal in clear, which tells nothing.
        let other = try await Self.python(house, key: "another key")
        #expect(other["status"] as? Int == 400, "\(other)")
        let plain = (other["response"] as? [String: Any])?["plain"] as? [String: Any]
        #expect(((plain?["body"] as? [String: Any])?["error"] as? [String: Any])?["code"] as? String == "EMCL_FAILURE")
        await house.close()
        await agent.stop()
    }

    @Test("our client and our worker seal all the way, by the commands too, and a worker takes nothing in clear")
    func ours() async throws {
        let house = try await House.open(agents: "[]", emcl: "clients: required, workers: required")
        let address = "http://127.0.0.1:\(house.node.dataPort)"
        let ring = house.folder.path("ring.json")
        let worker = try ChildProcess(
            ChildProcess.intentusnet,
            ["worker", "--gateway", address, "--name", "echo", "--intent", "EchoIntent", "--key-ring", ring],
            environment: ["INTENTUSNET_TOKEN": house.token])
        func send(_ more: String...) async throws -> (Int32, String) {
            try await ChildProcess.run(
                ChildProcess.intentusnet,
                ["send", "EchoIntent", "--gateway", address, "--payload", #"{"n":1}"#] + more,
                environment: ["INTENTUSNET_TOKEN": house.token])
        }
        try await eventually("the worker is registered; it said: \(worker.text)") {
            try await send("--key-ring", ring).0 == 0
        }
        let (_, answer) = try await send("--key-ring", ring)
        #expect(answer.contains(#""echo":{"n":1}"#), "\(answer)")
        let (code, refused) = try await send()
        #expect(code == 1 && refused.contains("EMCL_FAILURE"), "\(refused)")
        let (_, unreadable) = try await send("--key-ring", house.folder.path("gateway.yaml"))
        #expect(unreadable.contains("not a key ring") || unreadable.contains("keys"), "\(unreadable)")
        await worker.stop()
        await house.close()
    }
}
