import GatewayConfiguration
import IntentProtocol
import Testing

@Suite("the production checklist")
struct ProductionCheckTests {
    @Test("a configuration that is fit passes each check, with one line each")
    func fit() {
        let (configuration, facts) = ProductionCase.fit()
        let findings = ProductionCheck.run(configuration, facts)
        for finding in findings { #expect(finding.outcome == .ok, "\(finding)") }
        #expect(findings.map(\.id) == ProductionCheck.all.map(\.id))
        #expect(Set(findings.map(\.id)).count == findings.count, "ids are unique")
    }

    @Test("an empty configuration with nothing known fails where it must, and never passes what nobody looked at")
    func empty() {
        let findings = ProductionCheck.run(GatewayConfiguration(), ProductionFacts())
        let failed = Set(findings.filter { $0.outcome == .failure }.map(\.id))
        #expect(failed == ["tls.listener", "policy.default", "audit.key"], "\(failed)")
        let warned = Set(findings.filter { $0.outcome == .warning }.map(\.id))
        #expect(warned == ["redis.access", "emcl.demand", "audit.mode"], "\(warned)")
    }

    @Test("one thing wrong is found by its own check, with the place and a remedy", arguments: cases)
    func wrong(_ given: ProductionCase) throws {
        let findings = try given.findings()
        let found = findings.filter { $0.outcome != .ok }
        #expect(found.contains { $0.outcome == given.outcome && $0.place.contains(given.place) }, "\(findings)")
        for finding in found { #expect(finding.remedy?.isEmpty == false, "\(finding)") }
        #expect(!found.contains { $0.outcome == .failure } || given.outcome == .failure, "\(findings)")
    }

    @Test("what looks alike and is fine passes", arguments: fineCases)
    func fine(_ given: ProductionCase) throws {
        let findings = try given.findings()
        #expect(findings.allSatisfy { $0.outcome == .ok }, "\(findings)")
    }

    @Test("each check is shown to fail or to warn; what the types themselves rule out aside")
    func everyCheckCanFail() {
        let shown = Set(Self.cases.map(\.id))
        let untested = ProductionCheck.all.map(\.id).filter { !shown.contains($0) }
        #expect(untested == ["tls.versions"], "the reader takes no other version")
    }

    @Test(
        "a secret counts as inline where it stands in the file, not where a variable or a reference is",
        arguments: [
            ("store: { redis: { url: \"rediss://r:1\", password: hunter2 } }", [:], ["store.redis.password"]),
            ("store: { redis: { url: \"rediss://:hunter2@r:1\" } }", [:], ["store.redis.url"]),
            ("store: \"rediss://:hunter2@r:1\"", [:], ["store.redis.url"]),
            ("store: { redis: { url: \"rediss://r:1\", password: \"secret://env/P\" } }", [:], []),
            ("store: { redis: { url: \"rediss://r:1\", passwordFile: p } }", [:], []),
            (
                "store: { redis: { url: \"rediss://r:1\" } }", ["INTENTUSNET_STORE_REDIS_PASSWORD": "hunter2"], []
            ),
            ("store: memory", ["INTENTUSNET_STORE": "rediss://:hunter2@r:1"], []),
            ("store: memory", ["INTENTUSNET_AUDIT_KEY": String(repeating: "k", count: 40)], []),
            ("audit: { key: \"0123456789abcdef0123456789abcdef\" }", [:], ["audit.key"]),
        ] as [(String, [String: String], [String])])
    func inline(text: String, environment: [String: String], keys: [String]) throws {
        let file = usableFile + text + "\n"
        let reading = GatewayConfiguration.read(file, file: "g.yaml", environment: environment)
        let configuration = try #require(reading.configuration, "\(reading.diagnostics)")
        #expect(configuration.inlineSecrets(environment: environment) == keys)
    }
}
