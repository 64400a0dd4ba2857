import IntentProtocol
import Logging
import RedisFixtures
import Synchronization
import Testing

@testable import IntentusWorker

@Suite("The secrets of a worker")
struct WorkerSecretsTests {
    private struct Question: Codable, Sendable {}
    private struct Answer: Codable, Sendable {
        let length: Int
        let isRight: Bool
    }

    private static func ask(_ worker: IntentusWorker, _ name: String) {
        worker.on("GreetIntent") { (_: Question, context) in
            let key = try await context.secrets[name]
            context.logger.notice("the key is \(key)", metadata: ["reason": .stringConvertible(key)])
            return Answer(length: key.reveal().utf8.count, isRight: key == Secret("sesame-7f3a"))
        }
    }

    private static func configuration(_ references: [String: String]) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.secrets.references = references
        return configuration
    }

    @Test("are fetched by name while a request runs, and read again when the file changes")
    func fetched() async throws {
        let folder = try PrivateFolder()
        _ = try folder.write("api-key", "first\n")
        var configuration = Self.configuration(["external-api-key": "secret://file/api-key"])
        configuration.secrets.folder = folder.path
        try await RunningWorker.with(configuration, { Self.ask($0, "external-api-key") }) { worker in
            let first = try await worker.post(Requests.frame())
            #expect(first.response.payload == ["length": 5, "isRight": false])
            _ = try folder.write("api-key", "sesame-7f3a\n")
            try await Deadline.wait(milliseconds: 10_000) {
                try await worker.post(Requests.frame()).response.payload == ["length": 11, "isRight": true]
            }
            let answer = try await worker.post(Requests.frame())
            #expect(!answer.text.contains("sesame-7f3a"))
            #expect(worker.log.all.contains("the key is <redacted> (<redacted>)"))
            #expect(!worker.log.all.contains { $0.contains("sesame-7f3a") })
        }
    }

    @Test("a name that is not configured, and a secret that is not there, fail the request and tell the caller nothing")
    func missing() async throws {
        let configuration = Self.configuration(["external-api-key": "secret://file//nowhere/api-key"])
        for name in ["external-api-key", "another"] {
            try await RunningWorker.with(configuration, { Self.ask($0, name) }) { worker in
                let answer = try await worker.post(Requests.frame())
                #expect(answer.response.error?.code == .internalAgentError)
                #expect(!answer.text.contains("nowhere") && !answer.text.contains("secret://"))
            }
        }
        let fault = await #expect(throws: SecretFault.self) { try await IntentSecrets.none["x"] }
        #expect(fault?.kind == .notConfigured && fault?.problem.contains("WorkerConfiguration.secrets") == true)
    }

    @Test("come from Vault, by the variables of its own command")
    func vault() async throws {
        let server = try OpenBao()
        try server.put("app", ["api-key": "sesame-7f3a"])
        var configuration = Self.configuration(["external-api-key": "secret://vault/secret/app#api-key"])
        configuration.secrets.variables = ["VAULT_ADDR": server.url, "VAULT_TOKEN": OpenBao.rootToken]
        try await RunningWorker.with(configuration, { Self.ask($0, "external-api-key") }) { worker in
            for _ in 0..<3 {
                let answer = try await worker.post(Requests.frame())
                #expect(answer.response.payload == ["length": 11, "isRight": true])
            }
        }
    }

    @Test("the token for registration may be one of them")
    func token() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        let folder = try PrivateFolder()
        _ = try folder.write("token", "w0rker-7f3a\n")
        var configuration = Self.configuration(["token": "secret://file/token"])
        configuration.secrets.folder = folder.path
        configuration.gateways = [registry.url]
        configuration.tokenSecret = "token"
        try await RunningWorker.with(configuration, { Self.ask($0, "token") }) { _ in
            #expect(await eventually { registry.count("PUT") >= 1 })
            #expect(registry.requests.first?.headers["authorization"] == "Bearer w0rker-7f3a")
        }
        configuration.tokenSecret = "tokn"
        await #expect(throws: WorkerConfigurationError.self) {
            try await RunningWorker.with(configuration, { Self.ask($0, "token") }) { _ in }
        }
    }

    @Test(
        "what cannot be right is told before the worker listens",
        arguments: [
            (["key": "hunter2"], "references[\"key\"]: a reference begins with secret://"),
            (["key": "secret://valt/a/b#c"], "there is no such source; known: env, file, vault"),
            (["": "secret://env/A"], "1 to 128 bytes"),
            (["key": "secret://aws-secrets-manager/a"], "AWS_REGION"),
        ])
    func refused(_ references: [String: String], _ words: String) async throws {
        var configuration = Self.configuration(references)
        configuration.secrets.variables = ["AWS_REGION": "", "AWS_DEFAULT_REGION": ""]
        let error = await #expect(throws: WorkerConfigurationError.self) {
            try await RunningWorker.with(configuration, { Self.ask($0, "key") }) { _ in }
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}

extension Deadline {
    /// Asks again until the answer is yes, without holding a thread.
    fileprivate static func wait(milliseconds: Int, until condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while ContinuousClock.now < end {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw FixtureError("waited \(milliseconds) ms in vain")
    }
}
