import Foundation
import Testing

/// The gateway as a process of its own, driven by the other commands.
@Suite("The gateway process", .serialized)
struct GatewayProcessTests {
    /// A gateway process and the files it was started with.
    struct House {
        let folder: TestFolder
        let gateway: ChildProcess
        let port: Int

        /// Starts a gateway whose JWKS file is the output of `token jwks`, and ends it whatever comes of the test.
        static func with(_ test: (House) async throws -> Void) async throws {
            let (port, adminPort) = (try freePort(), try freePort())
            let configuration =
                CommandTests.configuration
                .replacing("127.0.0.1:8080", with: "127.0.0.1:\(port)")
                .replacing("127.0.0.1:9090", with: "127.0.0.1:\(adminPort)")
                + "\nregistration: { allow: [{ agents: [\"*\"], roles: [agent] }] }\n"
            let folder = try await CommandTests.folder(configuration: configuration)
            defer { folder.remove() }
            let gateway = try ChildProcess(
                ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway.yaml")])
            try await gateway.stopped {
                try await eventually("the gateway; it said: \(gateway.text)") { gateway.text.contains("listening") }
                try await test(House(folder: folder, gateway: gateway, port: port))
            }
        }

        /// A token by `token mint` with the same key.
        func token(_ role: String = "user") async throws -> String {
            let (code, text) = try await CommandTests.run(
                "token", "mint", "--key", folder.path("key.pem"), "--issuer", "https://idp.example.com", "--role", role,
                "--tenant", "acme")
            #expect(code == 0, "\(text)")
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        func send(_ intent: String, token: String, payload: String = "{}") async throws -> (code: Int32, text: String) {
            try await CommandTests.run(
                "send", intent, "--gateway", "http://127.0.0.1:\(port)", "--payload", payload, "--timeout-ms", "5000",
                token: token)
        }
    }

    @Test("a minted token opens it, a worker registers, send prints the answer, SIGTERM ends it with 0")
    func endToEnd() async throws {
        try await House.with(endToEnd)
    }

    private func endToEnd(_ house: House) async throws {
        let user = try await house.token()
        let worker = try ChildProcess(
            ChildProcess.intentusnet,
            [
                "worker", "--gateway", "http://127.0.0.1:\(house.port)", "--name", "echo", "--intent", "EchoIntent:1.0",
                "--port", "0",
            ], environment: ["INTENTUSNET_TOKEN": try await house.token("agent")])
        try await worker.stopped {
            var answer: (code: Int32, text: String) = (1, "")
            try await eventually("the worker's answer; it said: \(worker.text)") {
                answer = try await house.send("EchoIntent", token: user, payload: #"{"text":"grüße ✓"}"#)
                return answer.code == 0
            }
            #expect(answer.text.contains("grüße ✓"), "\(answer.text)")
            #expect(answer.text.contains(#""status":"success""#), "\(answer.text)")

            let unknown = try await house.send("NobodyAnswers", token: user)
            #expect(unknown.code == 1)
            #expect(unknown.text.contains("CAPABILITY_NOT_FOUND"), "\(unknown.text)")
            let denied = try await house.send("EchoIntent", token: try await house.token("guest"))
            #expect(denied.code == 1)
            #expect(denied.text.contains("UNAUTHORIZED"), "\(denied.text)")

            kill(worker.processId, SIGTERM)
            #expect(try await worker.exitCode() == 0)
        }
        kill(house.gateway.processId, SIGTERM)
        #expect(try await house.gateway.exitCode() == 0)
        #expect(!house.gateway.text.contains(user))
    }

    @Test("SIGHUP reloads, and a broken policy file changes nothing")
    func hangUp() async throws {
        try await House.with(hangUp)
    }

    private func hangUp(_ house: House) async throws {
        let user = try await house.token()
        kill(house.gateway.processId, SIGHUP)
        try await eventually("the reload; it said: \(house.gateway.text)") {
            house.gateway.text.contains(#""event":"config_reload""#) || house.gateway.text.contains("reloaded")
        }
        // Policy is asked before the directory: 404 says that it allows.
        #expect(try await house.send("NobodyAnswers", token: user).text.contains("CAPABILITY_NOT_FOUND"))
        try house.folder.write("rules: [{ acton: ALLOW }]", to: "policy.yaml")
        kill(house.gateway.processId, SIGHUP)
        try await eventually("the refusal; it said: \(house.gateway.text)") {
            house.gateway.text.contains("reload refused, the old files stay in force")
        }
        #expect(try await house.send("NobodyAnswers", token: user).text.contains("CAPABILITY_NOT_FOUND"))
        try house.folder.write("default: deny\nrules: []\n", to: "policy.yaml")
        kill(house.gateway.processId, SIGHUP)
        try await eventually("the new policy; it said: \(house.gateway.text)") {
            try await house.send("NobodyAnswers", token: user).text.contains("UNAUTHORIZED")
        }
        #expect(house.gateway.isRunning)
        kill(house.gateway.processId, SIGINT)
        #expect(try await house.gateway.exitCode() == 0)
    }

    @Test("a port that is taken ends the gateway with an error that names it")
    func portTaken() async throws {
        try await House.with { house in
            let second = try await CommandTests.run("gateway", "--config", house.folder.path("gateway.yaml"))
            #expect(second.code != 0)
            #expect(second.text.lowercased().contains("address already in use"), "\(second.text)")
            let user = try await house.token()
            #expect(try await house.send("NobodyAnswers", token: user).text.contains("CAPABILITY_NOT_FOUND"))
        }
    }
}
