import Documents
import Foundation
import GatewayNode
import Testing

@Suite("Costs near the burst, with Redis")
struct LimitLintTests {
    private func findings(cost: Int, store: String, extra: String = "") async throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "intentusnet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try """
        default: deny
        rules:
          - id: dear
            action: ALLOW
            roles: [user]
            rate_limit_per_minute: 60000
            rate_limit_burst: 10000
            rate_limit_cost: \(cost)
            rate_limit_key_template: "{tenant}"
        \(extra)
        """.write(to: folder.appending(path: "policy.yaml"), atomically: true, encoding: .utf8)
        let file = folder.appending(path: "gateway.yaml")
        try """
        authentication: { anonymous: allow }
        store: \(store)
        policy: { files: [policy.yaml] }
        """.write(to: file, atomically: true, encoding: .utf8)
        let found = await GatewayNode.check(configurationFile: file.path, environment: [:])
        #expect(!found.contains { $0.severity == .error }, "\(found)")
        return found.map(\.description).filter { $0.contains("rule 'dear'") }
    }

    @Test("a cost that the shared bucket hardly or never covers is told, where there is one, with place and remedy")
    func warnings() async throws {
        let redis = "redis://127.0.0.1:1"
        #expect(try await findings(cost: 9_800, store: redis).isEmpty)
        let hardly = try await findings(cost: 9_850, store: redis)
        #expect(hardly.count == 1 && hardly[0].contains("more than 98 %"), "\(hardly)")
        #expect(hardly[0].contains("policy.yaml") && hardly[0].contains("rate_limit_burst"), "\(hardly)")
        let never = try await findings(cost: 9_901, store: redis)
        #expect(never.count == 1 && never[0].contains("refused for ever") && never[0].contains("9900"), "\(never)")
        #expect(try await findings(cost: 9_850, store: "memory").isEmpty)
        #expect(try await findings(cost: 9_850, store: redis, extra: "    rate_limit_settle: true").isEmpty)
    }
}
