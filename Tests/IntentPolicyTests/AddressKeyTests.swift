import Documents
import IntentPolicy
import IntentProtocol
import Testing

@Suite("Keys by address")
struct AddressKeyTests {
    private static let rules = """
        default: deny
        rules:
          - {id: one, action: ALLOW, rate_limit_per_minute: 10, rate_limit_key_template: "{address}"}
          - {id: many, action: ALLOW, rate_limit_per_minute: 10, rate_limit_key_template: "{tenant}/{network}"}
        """

    private func keys(_ address: String?) throws -> [String] {
        var asked = request("X")
        asked.address = address.flatMap { NetworkAddress($0) }
        return try policy(Self.rules).limitTexts(asked)
    }

    @Test("S20 S22: an IPv4 address is one caller, an IPv6 caller is its /64, and networks are /24 and /48")
    func prefixes() throws {
        #expect(try keys("203.0.113.7") == ["one:10:10:203.0.113.7", "many:10:10:acme/203.0.113.0/24"])
        #expect(try keys("203.0.113.250")[1] == keys("203.0.113.7")[1])
        #expect(try keys("203.0.114.7")[1] != keys("203.0.113.7")[1])
        #expect(
            try keys("2001:db8:42:1::7") == ["one:10:10:20010db800420001::/64", "many:10:10:acme/20010db80042::/48"])
        #expect(try keys("2001:db8:42:1:ffff:ffff:ffff:ffff") == keys("2001:db8:42:1::"))
        #expect(try keys("2001:db8:42:2::7")[0] != keys("2001:db8:42:1::7")[0])
        #expect(try keys("2001:db8:42:2::7")[1] == keys("2001:db8:42:1::7")[1])
        #expect(try keys("::1")[0] == "one:10:10:0000000000000000::/64")
        // The IPv4 caller behind a dual-stack socket is not another one.
        #expect(try keys("::ffff:203.0.113.7") == keys("203.0.113.7"))
        // Who has no address shares one bucket with all others that have none.
        #expect(try keys(nil) == ["one:10:10:", "many:10:10:acme/"])
    }

    @Test("the Python engine knows no addresses, and a key by address is no shared bucket")
    func dialects() {
        let exact = load(
            "dialect: exact\nrules:\n  - {id: a, action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: \"{address}\"}"
        )
        #expect(!exact.isTaken && exact.findings.contains { $0.contains("unknown placeholder '{address}'") })
        let taken = load(Self.rules)
        #expect(taken.isTaken && !taken.findings.contains { $0.contains("share") }, "\(taken.findings)")
    }

    @Test("a case states the address, and what is none is an error with its place")
    func cases() throws {
        func text(_ address: String) -> String {
            """
            cases:
              - policy: { rules: [{ id: one, action: ALLOW, rate_limit_per_minute: 10, rate_limit_key_template: "{network}" }] }
                context: { intent: X, address: "\(address)" }
                expect: { allowed: true, rateLimitKey: "203.0.113.0/24" }
            """
        }
        let report = try PolicyCaseRunner.run(try DocumentParser.yaml(text("203.0.113.7"), file: "cases.yaml"))
        #expect(report.passed == 1)
        let error = #expect(throws: DiagnosticError.self) {
            try PolicyCaseRunner.run(try DocumentParser.yaml(text("nowhere"), file: "cases.yaml"))
        }
        #expect(error?.description.contains("address must be an IPv4 or IPv6 address") == true)
    }
}
