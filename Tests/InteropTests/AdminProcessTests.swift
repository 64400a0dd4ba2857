import Foundation
import RedisFixtures
import Testing

/// Gateways as processes, administered by the command: over mutual TLS, and with effects that other gateways see.
@Suite("The command administers gateways", .serialized)
struct AdminProcessTests {
    private static let limited = CommandTests.policy
        .replacing("rate_limit_per_minute: 60", with: "rate_limit_per_minute: 1\n    rate_limit_burst: 2")

    private static func bearer(_ folder: TestFolder, roles: String...) async throws -> String {
        let (code, text) = try await ChildProcess.run(
            ChildProcess.intentusnet,
            [
                "token", "mint", "--key", folder.path("key.pem"), "--issuer", "https://idp.example.com", "--tenant",
                "acme",
            ]
                + roles.flatMap { ["--role", $0] })
        #expect(code == 0, "\(text)")
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func ready(_ admin: String, _ token: String, _ gateway: ChildProcess) async throws {
        try await eventually("the gateway; it said: \(gateway.text)") {
            try await CommandTests.run("nodes", "--admin", admin, token: token).code == 0
        }
    }

    @Test(
        "a bucket that one gateway resets and an agent that it drains are so for the other, by real Redis",
        .enabled(if: RedisServer.isInstalled), .timeLimit(.minutes(3)))
    func cluster() async throws {
        let redis = try RedisServer.started()
        let ports = try (0..<4).map { _ in try freePort() }
        let workerPort = try freePort()
        let folder = try await CommandTests.folder(policy: Self.limited)
        defer { folder.remove() }
        for index in 0...1 {
            try folder.write(
                CommandTests.configuration
                    .replacing("127.0.0.1:8080", with: "127.0.0.1:\(ports[index])")
                    .replacing(#""127.0.0.1:9090""#, with: #""127.0.0.1:\#(ports[index + 2])", access: {}"#)
                    .replacing("127.0.0.1:9001", with: "127.0.0.1:\(workerPort)")
                    .replacing("store: memory", with: "store: redis://fixture:fixture@127.0.0.1:\(redis.port)")
                    + "\naudit: { output: file, file: audit\(index).jsonl }\n", to: "gateway\(index).yaml")
        }
        let user = try await Self.bearer(folder, roles: "user")
        let admin = try await Self.bearer(folder, roles: "intentusnet-admin")
        let planes = ports[2...].map { "http://127.0.0.1:\($0)" }
        let worker = try ChildProcess(
            ChildProcess.intentusnet,
            ["worker", "--name", "summarizer", "--intent", "SummarizeIntent", "--port", "\(workerPort)"])
        let first = try ChildProcess(ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway0.yaml")])
        let second = try ChildProcess(ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway1.yaml")])
        func send(_ index: Int) async throws -> (code: Int32, text: String) {
            try await CommandTests.run(
                "send", "SummarizeIntent", "--gateway", "http://127.0.0.1:\(ports[index])", "--payload", "{}",
                token: user)
        }
        try await worker.stopped {
            try await first.stopped {
                try await second.stopped {
                    try await Self.ready(planes[0], admin, first)
                    try await Self.ready(planes[1], admin, second)
                    // The bucket holds two, for both gateways together.
                    #expect(try await send(0).code == 0)
                    #expect(try await send(1).code == 0)
                    let used = try await send(1)
                    #expect(used.code != 0 && used.text.contains("RATE_LIMIT"), "\(used.text)")
                    let looked = try await CommandTests.run(
                        "admin", "bucket", "--limit", "tenant-limit", "--value", "acme", "--admin", planes[1],
                        token: admin)
                    #expect(looked.code == 0 && looked.text.contains("remainingTokens: 0"), "\(looked.text)")
                    let reset = try await CommandTests.run(
                        "admin", "reset", "--limit", "tenant-limit", "--value", "acme", "--admin", planes[0],
                        token: admin)
                    #expect(reset.code == 0 && reset.text.contains("scope: cluster"), "\(reset.text)")
                    // The gateway that was not told forgets its refusal within a second.
                    try await eventually("a request through the other gateway") { try await send(1).code == 0 }

                    let again = try await CommandTests.run(
                        "admin", "reset", "--limit", "tenant-limit", "--value", "acme", "--admin", planes[0],
                        token: admin)
                    #expect(again.code == 0)
                    let drained = try await CommandTests.run(
                        "admin", "drain", "--agent", "summarizer", "--admin", planes[0], token: admin)
                    #expect(drained.code == 0 && drained.text.contains("scope: cluster"), "\(drained.text)")
                    try await eventually("the drain at the other gateway") {
                        let agents = try await CommandTests.run("agents", "--json", "--admin", planes[1], token: admin)
                        return agents.text.contains(#""isDrained":true"#)
                    }
                    let refused = try await send(1)
                    #expect(refused.code != 0 && refused.text.contains("AGENT_UNAVAILABLE"), "\(refused.text)")
                    let back = try await CommandTests.run(
                        "admin", "undrain", "--agent", "summarizer", "--admin", planes[1], token: admin)
                    #expect(back.code == 0, "\(back.text)")
                    try await eventually("the end of the drain at the first gateway") {
                        let agents = try await CommandTests.run("agents", "--json", "--admin", planes[0], token: admin)
                        return !agents.text.contains(#""isDrained":true"#)
                    }
                }
            }
        }
        let audit = try String(contentsOfFile: folder.path("audit0.jsonl"), encoding: .utf8)
        #expect(audit.contains(#""action":"limits.reset","target":"tenant-limit acme""#), "\(audit)")
        #expect(audit.contains(#""action":"agent.drain","target":"summarizer","detail":"cluster""#), "\(audit)")
    }

    @Test(
        "over mutual TLS a service that is named may act, another one may not, and nobody without; exit codes tell them apart"
    )
    func mutualTLS() async throws {
        let (port, adminPort) = (try freePort(), try freePort())
        let ca = try TestFolder()
        defer { ca.remove() }
        let issued = try await CommandTests.run(
            "dev-ca", "--folder", ca.path("ca"), "ops/gateway=127.0.0.1", "ops/operator", "ops/viewer",
            "default/stranger")
        #expect(issued.code == 0, "\(issued.text)")
        func file(_ name: String) -> String { ca.path("ca/\(name)") }
        let tls = """
            tls: { certificateFile: "\(file("ops/gateway.pem"))", keyFile: "\(file("ops/gateway.key"))", \
            trustBundleFiles: ["\(file("ca.pem"))"] }, \
            access: { administrators: [cluster.local/ns/ops/sa/operator], viewers: [cluster.local/ns/ops/sa/viewer] }
            """
        let folder = try await CommandTests.folder(
            configuration: CommandTests.configuration.replacing("127.0.0.1:8080", with: "127.0.0.1:\(port)")
                .replacing(#"http: "127.0.0.1:9090""#, with: #"http: "127.0.0.1:\#(adminPort)", \#(tls)"#)
                + "\naudit: { output: file, file: audit.jsonl }\n")
        defer { folder.remove() }
        let gateway = try ChildProcess(ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway.yaml")])
        let admin = "https://127.0.0.1:\(adminPort)"
        func ask(_ who: String?, _ words: String...) async throws -> (code: Int32, text: String) {
            let identity = who.map { ["--cert", file("\($0).pem"), "--key", file("\($0).key")] } ?? []
            return try await ChildProcess.run(
                ChildProcess.intentusnet, words + ["--admin", admin, "--ca", file("ca.pem")] + identity)
        }
        try await gateway.stopped {
            try await eventually("the gateway; it said: \(gateway.text)") {
                try await ask("ops/viewer", "nodes").code == 0
            }
            #expect(try await ask("ops/operator", "nodes").code == 0)
            let drained = try await ask("ops/operator", "admin", "drain")
            #expect(drained.code == 0 && drained.text.contains("isDrained: yes"), "\(drained.text)")
            #expect(try await ask("ops/operator", "admin", "undrain").code == 0)
            #expect(try await ask("ops/operator", "admin", "log-level", "debug", "--for-seconds", "60").code == 0)
            let checked = try await ask("ops/operator", "admin", "check")
            #expect(checked.code == 0 && checked.text.contains("0 errors"), "\(checked.text)")
            #expect(try await ask("ops/operator", "admin", "reload").code == 0)
            let rotated = try await ask("ops/operator", "admin", "rotate")
            #expect(rotated.code == 1 && rotated.text.contains("409"), "\(rotated.text)")
            for (who, words) in [("ops/viewer", "drain"), ("default/stranger", "drain"), (nil, "drain")] {
                let refused = try await ask(who, "admin", words)
                #expect(refused.code == 2, "\(who ?? "nobody"): \(refused.text)")
            }
            #expect(try await ask("default/stranger", "nodes").code == 2)
            // Nobody vouches for it: the handshake ends.
            let other = try TestFolder()
            defer { other.remove() }
            #expect(try await CommandTests.run("dev-ca", "--folder", other.path("ca"), "ops/operator").code == 0)
            let forged = try await ChildProcess.run(
                ChildProcess.intentusnet,
                [
                    "admin", "drain", "--admin", admin, "--ca", file("ca.pem"), "--cert",
                    other.path("ca/ops/operator.pem"),
                    "--key", other.path("ca/ops/operator.key"),
                ])
            #expect(forged.code == 1, "\(forged.text)")
        }
        let audit = try String(contentsOfFile: folder.path("audit.jsonl"), encoding: .utf8)
        #expect(
            audit.contains(
                #""principal":"cluster.local/ns/ops/sa/operator","identitySource":"mtls","action":"node.drain""#),
            "\(audit)")
        #expect(audit.contains(#""principal":"cluster.local/ns/default/sa/stranger""#), "\(audit)")
    }
}
