import DevelopmentIssuer
import Foundation
import GatewayNode
import Testing

/// Files that change while the node runs.
@Suite("Reloading")
struct ReloadTests {
    static let adminsOnly = "default: deny\nrules:\n  - { id: admins, action: ALLOW, roles: [admin] }\n"
    static let broken = "default: deny\nrules:\n  - { id: users, acton: ALLOW, roles: [user] }\n"

    @Test("a changed policy file is in force within five seconds, without a signal")
    func watchedPolicy() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        #expect(try await node.answer(token: token).status == 200)
        try node.write(Self.adminsOnly, to: "policy.yaml")
        let taken = try await eventually { try await node.answer(token: token).status == 403 }
        #expect(taken < .seconds(5))
        #expect(try await node.answer(token: try TestNode.token(roles: ["admin"])).status == 200)
        #expect(try await node.metric("intentusnet_config_generation") == 2)
        await node.stop()
    }

    @Test("reload() puts a changed policy in force before it returns")
    func reloadedPolicy() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        try node.write(Self.adminsOnly, to: "policy.yaml")
        #expect(await node.node.reload().isEmpty)
        #expect(try await node.answer(token: token).status == 403)
        let record = try node.auditLines().last { $0["event"] as? String == "config_reload" }
        #expect(record?["reason"] as? String == "applied")
        #expect(record?["outcome"] as? String == "success")
        await node.stop()
    }

    @Test("a broken policy file is refused, and everybody is told; a mended one is taken again")
    func brokenPolicy() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        #expect(try await node.metric("intentusnet_config_reload_refused_total") == 0)
        try node.write(Self.broken, to: "policy.yaml")
        try await eventually { try await node.metric("intentusnet_config_reload_refused_total") == 1 }
        // The old policy decides on.
        #expect(try await node.answer(token: token).status == 200)
        #expect(try await node.answer(token: try TestNode.token(roles: ["guest"])).status == 403)
        #expect(try await node.metric("intentusnet_config_generation") == 1)
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.status == 200)
        #expect(health.json["status"] as? String == "degraded", "\(health)")
        // A node that serves by its former files is still ready.
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        let record = try node.auditLines().last { $0["event"] as? String == "config_reload" }
        #expect(record?["reason"] as? String == "refused")
        #expect(record?["outcome"] as? String == "VALIDATION_ERROR")

        let findings = await node.node.reload()
        #expect(
            findings.contains { "\($0)".contains("policy.yaml:3") && "\($0)".contains("did you mean 'action'") },
            "\(findings)")
        try node.write(Self.adminsOnly, to: "policy.yaml")
        try await eventually { try await node.answer(token: token).status == 403 }
        try await eventually {
            try await AdminPage.get("/health", port: node.adminPort).json["status"] as? String == "healthy"
        }
        await node.stop()
    }

    @Test("B1 a rotated key file is taken: the old key's tokens are refused, cached ones too, the new one's accepted")
    func rotatedKeys() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let old = try TestNode.token()
        // The token is in the cache now.
        #expect(try await node.answer(token: old).status == 200)
        let key = try DevelopmentKey(keyId: "k2")
        let new = try key.sign(KeyTests.claims(TestNode.issuer))
        #expect(try await node.answer(token: new).status == 401)
        try node.write(try key.jwks(), to: "jwks.json")
        let taken = try await eventually { try await node.answer(token: new).status == 200 }
        #expect(taken < .seconds(5))
        let refused = try await node.answer(token: old)
        #expect(refused.status == 401, "\(refused)")
        await node.stop()
    }

    @Test("a broken key file is refused, and the old keys serve on", arguments: ["{", #"{"keys":[]}"#, ""])
    func brokenKeys(text: String) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        try node.write(text, to: "jwks.json")
        let findings = await node.node.reload()
        #expect(findings.contains { "\($0)".contains("error: keys of '\(TestNode.issuer)'") }, "\(findings)")
        #expect(try await node.answer(token: token).status == 200)
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.json["status"] as? String == "degraded", "\(health)")
        #expect(try await node.metric("intentusnet_config_reload_refused_total").map { $0 >= 1 } == true)
        await node.stop()
    }

    @Test("B19 a thousand reloads, some of them of a rewritten policy, leave no file or socket open")
    func openDescriptors() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        #expect(try await node.answer(token: token).status == 200)
        #expect(await node.node.reload().isEmpty)
        let before = try Self.descriptors()
        for turn in 0..<1_000 {
            if turn % 100 == 0 {
                try node.write(turn % 200 == 0 ? Self.adminsOnly : TestNode.allowUsers, to: "policy.yaml")
            }
            #expect(await node.node.reload().isEmpty)
        }
        // A leak of one for each reload, or for each that found a change, is more than this.
        let after = try Self.descriptors()
        #expect(abs(after - before) <= 4, "\(before) before, \(after) after")
        await node.stop()
    }

    /// How many files and sockets this process holds open.
    private static func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
}
