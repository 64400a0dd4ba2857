import DevelopmentIssuer
import Foundation
import GatewayNode
import IntentusWorker
import Testing

/// The real Python package on both sides: as client of the gateway, and as agent behind it.
@Suite("The Python package as peer", .serialized)
struct PythonPeerTests {
    static let agents = ["EchoIntent", "UpperIntent", "FailIntent", "WhoAmI"]

    /// A gateway in this process in front of a Python agent node.
    struct House {
        let python: ChildProcess
        let node: GatewayNode
        let folder: URL
        let token: String

        static func open() async throws -> House {
            let folder = FileManager.default.temporaryDirectory.appending(path: "intentusnet-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let port = try freePort()
            let script = ChildProcess.root.appending(path: "Tests/Interop/agent_server.py").path
            let python = try ChildProcess(ChildProcess.python, [script, "--port", "\(port)"])
            try await eventually("the Python agent (installed by `make test`); it said: \(python.text)") {
                python.text.contains("listening")
            }
            let key = try DevelopmentKey(keyId: "k1")
            try key.jwks().write(to: folder.appending(path: "jwks.json"), atomically: true, encoding: .utf8)
            try "default: deny\nrules:\n  - { id: users, action: ALLOW, roles: [user] }\n".write(
                to: folder.appending(path: "policy.yaml"), atomically: true, encoding: .utf8)
            let url = "http://127.0.0.1:\(port)/execute-agent"
            try """
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
            agents:
              - { name: echo-agent, intents: [{ name: EchoIntent, version: "*" }], instances: [{ url: "\(url)" }] }
              - { name: upper-agent, intents: [{ name: UpperIntent, version: "*" }], instances: [{ url: "\(url)" }] }
              - { name: fail-agent, intents: [{ name: FailIntent, version: "*" }], instances: [{ url: "\(url)" }] }
              - { name: whoami-agent, intents: [{ name: WhoAmI, version: "*" }], instances: [{ url: "\(url)" }] }
            """.write(to: folder.appending(path: "gateway.yaml"), atomically: true, encoding: .utf8)
            let node = try await GatewayNode(
                configurationFile: folder.appending(path: "gateway.yaml").path, environment: [:])
            try await node.start()
            return House(
                python: python, node: node, folder: folder,
                token: try key.sign(
                    DevelopmentClaims(
                        issuer: "https://idp.example.com", audience: "intentusnet", subject: "alice",
                        roles: ["user", "agent"], tenant: "acme", lifetimeSeconds: 600)))
        }

        func close() async {
            await node.stop()
            await python.stop()
            try? FileManager.default.removeItem(at: folder)
        }

        /// What the Python client makes of the gateway's answers, one object a line.
        func send(_ arguments: String..., tokenMode: String = "header", path: String = "/intent") async throws
            -> [String: Any]
        {
            let script = ChildProcess.root.appending(path: "Tests/Interop/client.py").path
            let (_, text) = try await ChildProcess.run(
                ChildProcess.python,
                [script, "http://127.0.0.1:\(node.dataPort)\(path)", "--token", token, "--token-mode", tokenMode]
                    + arguments)
            let line = text.split(separator: "\n").last.map(String.init) ?? ""
            return try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "the client said: \(text)")
        }
    }

    @Test("success, unicode, error, fallback and broadcast, from the Python client to the Python agent")
    func pythonToPython() async throws {
        let house = try await House.open()
        for mode in ["header", "chain"] {
            for path in ["/", "/intent"] {
                let echo = try await house.send("--intent", "EchoIntent", tokenMode: mode, path: path)
                #expect(echo["status"] as? String == "success", "\(echo)")
                let payload = echo["payload"] as? [String: Any]
                #expect((payload?["echo"] as? [String: Any])?["text"] as? String == "hello")
            }
        }
        let unicode = try await house.send("--intent", "UpperIntent", "--payload", #"{"text":"naïve café 🚀 ñ"}"#)
        #expect((unicode["payload"] as? [String: Any])?["text"] as? String == "NAÏVE CAFÉ 🚀 Ñ", "\(unicode)")

        // The agent node routes FailIntent itself: its own first agent raises.
        let failure = try await house.send("--intent", "FailIntent")
        #expect(failure["status"] as? String == "error", "\(failure)")
        #expect((failure["error"] as? [String: Any])?["code"] as? String == "INTERNAL_AGENT_ERROR", "\(failure)")

        for strategy in ["fallback", "broadcast"] {
            let reply = try await house.send("--intent", "FailIntent", "--strategy", strategy)
            #expect(reply["status"] as? String == "success", "\(reply)")
            #expect((reply["payload"] as? [String: Any])?["backup"] as? Bool == true, "\(reply)")
        }

        let who = try await house.send("--intent", "WhoAmI", tokenMode: "chain")
        let chain = (who["payload"] as? [String: Any])?["identityChain"] as? [String]
        #expect(chain == ["user:alice", "service:api-gateway"], "\(who)")

        let unknown = try await house.send("--intent", "NobodyAnswers")
        #expect((unknown["error"] as? [String: Any])?["code"] as? String == "CAPABILITY_NOT_FOUND", "\(unknown)")
        await house.close()
    }

    @Test("from the Python client to a Swift worker that registered itself")
    func pythonToSwift() async throws {
        let house = try await House.open()
        let worker = try ChildProcess(
            ChildProcess.intentusnet,
            [
                "worker", "--gateway", "http://127.0.0.1:\(house.node.dataPort)", "--name", "swift-echo", "--intent",
                "SwiftEchoIntent:1.0", "--port", "0",
            ], environment: ["INTENTUSNET_TOKEN": house.token])
        var reply: [String: Any] = [:]
        try await eventually("the Swift worker's answer; it said: \(worker.text)") {
            reply = try await house.send("--intent", "SwiftEchoIntent", "--payload", #"{"text":"grüße ✓"}"#)
            return reply["status"] as? String == "success"
        }
        #expect("\(reply)".contains("grüße ✓"), "\(reply)")
        await worker.stop()
        await house.close()
    }
}

/// A port that was free a moment ago.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length)
            getsockname(descriptor, $0, &length)
        }
        return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
}
