import Foundation
import RedisFixtures
import Testing

/// The OpenAPI document before tools that are no part of this project, and a running gateway before what those make of it.
@Suite("OpenAPI tools", .serialized)
struct OpenAPIToolTests {
    private static let document = ChildProcess.root.appending(path: "Sources/AdminServer/Resources/openapi.json").path
    /// Without the checks that contradict the wire: where the Python transport knocks, every outcome is 200.
    private static let checks = [
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
        "response_schema_conformance", "unsupported_method", "allow_header_conformance", "missing_required_header",
    ].joined(separator: ",")

    private static var isInstalled: Bool {
        get async {
            let found = try? await ChildProcess.run(
                ChildProcess.python, ["-c", "import schemathesis, openapi_spec_validator"])
            return found?.code == 0
        }
    }

    private static var isSoak: Bool { ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] != nil }

    @Test("openapi-spec-validator finds nothing wrong with the document")
    func valid() async throws {
        try #require(await Self.isInstalled, "run Tests/Tools/install test")
        let (code, text) = try await ChildProcess.run(
            ChildProcess.python, ["-m", "openapi_spec_validator", Self.document])
        #expect(code == 0, "\(text)")
    }

    @Test(
        "schemathesis finds no 5xx and no answer that the document does not name, on either port",
        .timeLimit(.minutes(15)))
    func schemathesis() async throws {
        try #require(await Self.isInstalled, "run Tests/Tools/install test")
        let (port, adminPort, workerPort) = (try freePort(), try freePort(), try freePort())
        let text = CommandTests.configuration
            .replacing("127.0.0.1:8080", with: "127.0.0.1:\(port)")
            .replacing(
                #"http: "127.0.0.1:9090""#,
                with:
                    #"http: "127.0.0.1:\#(adminPort)", access: { actionsPerMinute: 100000, failuresPerMinute: 100000 }"#
            )
            .replacing("127.0.0.1:9001", with: "127.0.0.1:\(workerPort)")
        let policy = CommandTests.policy.replacing("tenant-limit", with: "users").replacing("60", with: "60000")
        let folder = try await CommandTests.folder(
            configuration: text
                + "\nregistration: { allow: [{ agents: [\"*\"], roles: [user] }] }\nlog: { level: critical }\naudit: { output: none }\n",
            policy: policy)
        defer { folder.remove() }
        let minted = try await CommandTests.run(
            "token", "mint", "--key", folder.path("key.pem"), "--issuer", "https://idp.example.com", "--tenant", "acme",
            "--role", "user", "--role", "intentusnet-admin")
        let token = minted.text.trimmingCharacters(in: .whitespacesAndNewlines)
        let worker = try ChildProcess(
            ChildProcess.intentusnet,
            ["worker", "--name", "summarizer", "--intent", "SummarizeIntent", "--port", "\(workerPort)"])
        let gateway = try ChildProcess(ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway.yaml")])
        try await worker.stopped {
            try await gateway.stopped {
                try await eventually("the gateway; it said: \(gateway.text)") {
                    (try? await CommandTests.run("nodes", "--admin", "http://127.0.0.1:\(adminPort)", token: token).code)
                        == 0
                }
                try await eventually("an answer of the worker; it said: \(worker.text)") {
                    try await CommandTests.run(
                        "send", "SummarizeIntent", "--gateway", "http://127.0.0.1:\(port)", "--payload", "{}",
                        token: token
                    ).code == 0
                }
                // The agent is there: a 502, 503 or 504 would be a fault of the gateway.
                for (plane, url, paths, more) in [
                    // A stream does not end: its own tests read it.
                    (
                        "admin", "http://127.0.0.1:\(adminPort)", "^/(admin/v1/(?!events)|console|metrics|health)",
                        ",ignored_auth"
                    ),
                    ("data", "http://127.0.0.1:\(port)", "^/api", ",ignored_auth"),
                    ("python", "http://127.0.0.1:\(port)", "^/(intent)?$", ""),
                ] {
                    let (code, said) = try await ChildProcess.run(
                        ChildProcess.python,
                        [
                            "-m", "schemathesis.cli", "run", Self.document, "--url", url, "--include-path-regex", paths,
                            "-H", "Authorization: Bearer \(token)", "-c", Self.checks + more, "--phases",
                            Self.isSoak ? "examples,coverage,fuzzing,stateful" : "examples,coverage,fuzzing",
                            "--max-examples", Self.isSoak ? "300" : "20", "--request-timeout", "10", "--no-color",
                        ])
                    #expect(code == 0, "\(plane): \(said)")
                    #expect(said.contains("passed"), "\(plane): \(said)")
                }
                #expect(gateway.isRunning)
            }
        }
    }
}
