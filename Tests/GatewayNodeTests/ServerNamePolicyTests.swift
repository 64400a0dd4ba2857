import Foundation
import RedisFixtures
import Testing

/// Policies that look at `connection.sni`, before curl by TLS.
@Suite("The server name in Istio's policies")
struct ServerNamePolicyTests {
    private static let fixtures = TLSNodeTests.certificates

    private static func node(_ action: String, _ condition: String) async throws -> TestNode {
        let certificates = try fixtures.get()
        let policy = AuthorizationAtTheSocketTests.policy(
            "names", "action: \(action)\nrules:\n  - when: [{ key: connection.sni, \(condition) }]")
        return try await TestNode(
            listen: """
                http: "127.0.0.1:0", tls: { certificateFile: "\(certificates.server.certificateFile)", \
                keyFile: "\(certificates.server.keyFile)" }
                """,
            extra: "mesh: { namespace: default }\nauthorization: { files: [authz] }",
            files: ["authz/names.yaml": policy])
    }

    /// The status by curl, which asks for no name where it is given an address.
    private static func status(_ name: String?, http2: Bool, _ node: TestNode) async throws -> String {
        let port = node.port
        let host = name ?? "127.0.0.1"
        let folder = try fixtures.get().folder
        let token = try TestNode.token()
        return try await offPool {
            try SpawnedProcess.run(
                [
                    "curl", "-sS", "-k", "--max-time", "10", "--noproxy", "*", http2 ? "--http2" : "--http1.1",
                    "--resolve", "\(host):\(port):127.0.0.1", "-H", "authorization: Bearer \(token)", "-o", "/dev/null",
                    "-w", "%{http_code} %{http_version}", "https://\(host):\(port)/api/v1/agents",
                ], in: folder)
        }
    }

    @Test(
        "is matched by DENY and ALLOW, by values and by all but values, and none is no name", arguments: [false, true])
    func decides(http2: Bool) async throws {
        let cases: [(action: String, condition: String, admitted: [String?], refused: [String?])] = [
            (
                "DENY", "values: [hidden.example.com]", ["open.example.com", nil],
                ["hidden.example.com", "Hidden.Example.com"]
            ),
            ("DENY", "values: [\"*.example.com\"]", ["example.com", nil], ["a.example.com"]),
            ("DENY", "values: [\"*\"]", [nil], ["a.example.com"]),
            ("DENY", "notValues: [\"open.example.com\"]", ["open.example.com"], ["hidden.example.com", nil]),
            (
                "ALLOW", "values: [open.example.com]", ["open.example.com", "OPEN.example.com"],
                ["hidden.example.com", nil]
            ),
            ("ALLOW", "notValues: [hidden.example.com]", ["open.example.com", nil], ["hidden.example.com"]),
        ]
        let version = http2 ? "2" : "1.1"
        for (action, condition, admitted, refused) in cases {
            let node = try await Self.node(action, condition)
            for (names, status) in [(admitted, "200"), (refused, "403")] {
                for name in names {
                    #expect(
                        try await Self.status(name, http2: http2, node) == "\(status) \(version)",
                        "\(action) \(condition): \(name ?? "no name")")
                }
            }
            await node.stop()
        }
    }
}
