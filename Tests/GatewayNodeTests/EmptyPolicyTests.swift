import Foundation
import GatewayNode
import Testing

/// Files that say nothing, because they are being written or were emptied by mistake: nothing said must not be nothing forbidden.
@Suite("Empty files of Istio's policies")
struct EmptyPolicyTests {
    private static let mesh = "mesh: { namespace: default }\nauthorization: { files: [authz] }"
    private static let denyAll = AuthorizationAtTheSocketTests.policy("nobody", "action: DENY\nrules: [{}]")

    private static func status(_ node: TestNode) async throws -> Int {
        let port = node.port
        let token = try TestNode.token()
        return try await offPool { try SocketClient(port: port).request("GET", "/api/v1/agents", token: token).status }
    }

    private static func findings(_ files: [String: String], extra: String = mesh) async throws -> String {
        do {
            let node = try await TestNode(extra: extra, files: files)
            let findings = await node.node.reload()
            await node.stop()
            return "started: \(findings)"
        } catch {
            return "\(error)"
        }
    }

    @Test("an emptied file, and a folder without any, are refused at a reload; the policies stay in force")
    func reload() async throws {
        let node = try await TestNode(extra: Self.mesh, files: ["authz/p.yaml": Self.denyAll])
        #expect(try await Self.status(node) == 403)
        let file = node.folder.appending(path: "authz/p.yaml")
        for text in ["", "# to come\n", "---\n", #"{"apiVersion": "v1", "kind": "List", "items": []}"#] {
            // As `cp` begins: the same file, cut to nothing.
            try Data(text.utf8).write(to: file)
            let findings = await node.node.reload()
            #expect(findings.contains { "\($0)".contains("this file holds no resource") }, "\(text): \(findings)")
            #expect(try await Self.status(node) == 403, "\(text)")
        }
        try FileManager.default.removeItem(at: file)
        #expect(await node.node.reload().contains { "\($0)".contains("authorization.allowEmpty: true") })
        #expect(try await Self.status(node) == 403)
        // The watch refuses it like whoever asks.
        try node.write("", to: "authz/p.yaml")
        let refused = try await node.metric("intentusnet_config_reload_refused_total") ?? 0
        try await eventually { try await node.metric("intentusnet_config_reload_refused_total") ?? 0 > refused }
        #expect(try await Self.status(node) == 403)
        try node.write(AuthorizationAtTheSocketTests.policy("all", "action: ALLOW\nrules: [{}]"), to: "authz/p.yaml")
        try await eventually { try await Self.status(node) == 200 }
        await node.stop()
    }

    @Test("a file that is still being written is read when it has come to rest")
    func atRest() async throws {
        let node = try await TestNode(extra: Self.mesh, files: ["authz/p.yaml": Self.denyAll])
        let allow = AuthorizationAtTheSocketTests.policy("all", "action: ALLOW\nrules: [{}]")
        let applied = try node.auditLines().count
        // A whole document, and then the rest: for three looks of the watch it goes on growing.
        let file = node.folder.appending(path: "authz/p.yaml")
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(allow.utf8))
        let end = ContinuousClock.now + .milliseconds(1_500)
        while ContinuousClock.now < end {
            try handle.write(contentsOf: Data("\n# more".utf8))
            #expect(try await Self.status(node) == 403)
        }
        try handle.write(contentsOf: Data("\n---\n\(Self.denyAll)".utf8))
        try handle.close()
        try await eventually { try node.auditLines().filter { $0["event"] as? String == "config_reload" }.count > 0 }
        #expect(try node.auditLines().count > applied)
        #expect(try await Self.status(node) == 403)
        await node.stop()
    }

    @Test("an empty file or folder is refused at the start, unless the configuration says that it may be")
    func start() async throws {
        #expect(
            try await Self.findings(["authz/p.yaml": "# nothing yet"]).contains("p.yaml:1:1: error: this file holds no")
        )
        #expect(
            try await Self.findings(["authz/README": "policies come here"]).contains("authorization.allowEmpty: true"))
        let allowed = "mesh: { namespace: default }\nauthorization: { files: [authz], allowEmpty: true }"
        #expect(try await Self.findings(["authz/p.yaml": ""], extra: allowed).hasPrefix("started"))
        let folder = try await Self.findings(["authz/README": "policies come here"], extra: allowed)
        #expect(folder.hasPrefix("started") && folder.contains("it says nothing"), "\(folder)")
    }
}
