import Documents
import IntentPolicy
import Testing

@Suite("Rules that no limit holds for")
struct UnlimitedRuleTests {
    private static let limit = "rate_limit_per_minute: 60, rate_limit_key_template: \"{tenant}\""

    @Test(
        "a rule is unlimited unless it has a limit, or one with a limit matches all that it matches and counts",
        arguments: [
            ("[{ id: a, action: ALLOW, roles: [user] }]", ["a"]),
            ("[{ id: a, action: ALLOW, roles: [user], \(limit) }]", []),
            // The guide's own: one limit for every tenant, behind or before.
            ("[{ id: a, action: ALLOW, roles: [user] }, { id: all, action: ALLOW, roles: [\"*\"], \(limit) }]", []),
            ("[{ id: all, action: ALLOW, \(limit) }, { id: a, action: ALLOW, intents: [\"Sum*\"] }]", []),
            // Narrower in one way, or another tenant's.
            ("[{ id: a, action: ALLOW }, { id: all, action: ALLOW, intents: [\"Sum*\"], \(limit) }]", ["a"]),
            ("[{ id: a, action: ALLOW, roles: [] }, { id: all, action: ALLOW, roles: [user], \(limit) }]", ["a"]),
            (
                "[{ id: a, action: ALLOW, tenants: [x] }, { id: b, action: ALLOW, tenants: [y], \(limit) }]", ["a"]
            ),
            // In shadow mode it limits nothing, and is not in force itself.
            ("[{ id: a, action: ALLOW, roles: [user] }, { id: all, action: ALLOW, mode: shadow, \(limit) }]", ["a"]),
            ("[{ id: a, action: ALLOW, mode: shadow }]", []),
            ("[{ id: a, action: DENY }]", []),
        ] as [(String, [String])])
    func glob(rules: String, unlimited: [String]) throws {
        #expect(try Self.policy("default: deny\nrules: \(rules)").unlimitedRules.map(\.id) == unlimited)
    }

    @Test("where only the first match counts, a limit behind it is none")
    func first() throws {
        let rules = "{ id: a, action: ALLOW, roles: [user] }, { id: all, action: ALLOW, \(Self.limit) }"
        let text = "default: deny\nrate_limits: first\nrules: [\(rules)]"
        #expect(try Self.policy(text).unlimitedRules.map(\.id) == ["a"])
        let other = "default: deny\nrules: [\(rules)]"
        #expect(try Self.policy(other).unlimitedRules.isEmpty)
    }

    @Test("what is not stated is deny, except in the exact dialect")
    func defaults() throws {
        #expect(try Self.policy("rules: [{ id: a, action: ALLOW }]").deniesByDefault)
        #expect(try Self.policy("default: deny\nrules: []").deniesByDefault)
        #expect(try !Self.policy("default: allow\nrules: []").deniesByDefault)
        #expect(try !Self.policy("dialect: exact\nrules: [{ id: a, action: allow }]").deniesByDefault)
    }

    private static func policy(_ text: String) throws -> PolicyDocument {
        let diagnostics = Diagnostics()
        let policy = PolicyLoader.load([(name: "p.yaml", text: text)], into: diagnostics)
        return try #require(policy, "\(diagnostics.sorted)")
    }
}
