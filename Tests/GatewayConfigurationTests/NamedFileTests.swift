import Documents
import GatewayConfiguration
import Testing

@Suite("the files that a configuration names")
struct NamedFileTests {
    static let text = """
        listn: {}
        authentication:
          issuers:
            - { issuer: a, audiences: [x], jwks: { file: jwks.json } }
            - { issuer: b, jwks: { url: "https://b/", caFile: /etc/ca.pem } }
            - { issuer: c, jwks: { file: 7 } }
        policy: { files: [one.yaml, 2, three.yaml] }
        audit: { output: file, file: audit.jsonl }
        """

    @Test("are told with their places although the configuration has errors, as far as their names can be read")
    func places() {
        let reading = GatewayConfiguration.read(Self.text, file: "c/g.yaml")
        #expect(reading.configuration == nil)
        #expect(
            reading.files.map { "\($0.location?.description ?? "-") \($0.key) \($0.path) \($0.kind)" } == [
                "c/g.yaml:4:50 authentication.issuers[0].jwks.file c/jwks.json keySet",
                "c/g.yaml:5:55 authentication.issuers[1].jwks.caFile /etc/ca.pem material",
                "c/g.yaml:7:19 policy.files[0] c/one.yaml policy", "c/g.yaml:7:32 policy.files[2] c/three.yaml policy",
                "c/g.yaml:8:30 audit.file c/audit.jsonl output",
            ])
    }

    @Test("have no place but the variable's name where one names them")
    func variables() throws {
        let reading = GatewayConfiguration.read(
            Self.text, file: "c/g.yaml", environment: ["INTENTUSNET_POLICY_FILES": "a.yaml,/b.yaml"])
        let files = reading.files.filter { $0.kind == .policy }
        #expect(files.map(\.path) == ["c/a.yaml", "/b.yaml"])
        #expect(files.allSatisfy { $0.location == nil && $0.variable == "INTENTUSNET_POLICY_FILES" })
        #expect(files.last?.description == "INTENTUSNET_POLICY_FILES: '/b.yaml'")
    }

    @Test("an agent may not bear the gateway's own name")
    func reservedName() {
        let text = "agents:\n  - { name: gateway, intents: [{ name: A }] }\n"
        let found = GatewayConfiguration.read(text, file: "g.yaml").errors.map(\.description)
        #expect(found.contains { $0.hasPrefix("g.yaml:2:13: error: agents[0].name 'gateway'") }, "\(found)")
    }
}
