import IntentPolicy
import IntentProtocol
import Testing

@Suite("policy limits")
struct PolicyLimitTests {
    static let stacked = """
        rules:
          - {id: deny, action: DENY, intents: [No]}
          - {id: tenant, action: ALLOW, rate_limit_per_minute: 100, rate_limit_key_template: "{tenant}", max_timeout_ms: 9000}
          - {id: dear, action: ALLOW, intents: ["Dear*"], rate_limit_per_minute: 5, rate_limit_burst: 2, rate_limit_key_template: "{subject}:{intent}"}
          - {id: late-deny, action: DENY, intents: ["Dear*"]}
          - {id: global, action: ALLOW, rate_limit_per_minute: 1000, max_timeout_ms: 500}
        """

    @Test("C11: every matching ALLOW rule's limit counts, also behind the deciding one, and the shortest time holds")
    func all() throws {
        let policy = try policy("default: deny\n" + Self.stacked)
        #expect(policy.verdict(request("DearX")) == "ALLOW tenant")
        #expect(
            policy.limitTexts(request("DearX")) == [
                "tenant:100:100:acme", "dear:5:2:alice:DearX", "global:1000:1000:-",
            ])
        #expect(policy.limitTexts(request("X")) == ["tenant:100:100:acme", "global:1000:1000:-"])
        #expect(policy.evaluate(request("X"), agent: nil).maxTimeoutMilliseconds == 500)
    }

    @Test("rate_limits: first takes the deciding rule's terms alone")
    func first() throws {
        let policy = try policy("default: deny\nrate_limits: first\n" + Self.stacked)
        #expect(policy.limitTexts(request("DearX")) == ["tenant:100:100:acme"])
        #expect(policy.evaluate(request("X"), agent: nil).maxTimeoutMilliseconds == 9000)
    }

    @Test("a denial takes no limit and grants no time")
    func denial() throws {
        let policy = try policy("default: deny\n" + Self.stacked)
        let decision = policy.evaluate(request("No"), agent: nil)
        #expect(!decision.isAllowed)
        #expect(decision.limits.isEmpty)
        #expect(decision.maxTimeoutMilliseconds == nil)
    }

    @Test("many limits on one request are all there, in order")
    func many() throws {
        let rules = (0..<20).map {
            "  - {id: r\($0), action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: '{tenant}'}"
        }
        let policy = try policy("default: deny\nrules:\n" + rules.joined(separator: "\n"))
        #expect(policy.limitTexts(request()) == (0..<20).map { "r\($0):1:1:acme" })
    }

    @Test("limits in shadow mode are handed out as such, and only when the request is allowed")
    func shadowLimits() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: trial, action: ALLOW, mode: shadow, rate_limit_per_minute: 7, rate_limit_key_template: "{tenant}"}
              - {id: real, action: ALLOW, roles: [user], rate_limit_per_minute: 9, rate_limit_key_template: "{tenant}"}
            """)
        #expect(policy.limitTexts(request()) == ["real:9:9:acme", "~trial:7:7:acme"])
        #expect(policy.limitTexts(request(roles: [])) == [])
    }

    @Test(
        "templates name all five values, an absent one is empty, doubled braces are braces",
        arguments: [
            ("{tenant}:{intent}:{agent}:{subject}:{source}", "acme:GetX:a1:alice:cli", "::::"),
            ("{{{tenant}}}", "{acme}", "{}"),
            ("fixed", "fixed", "fixed"), ("{{}}", "{}", "{}"), ("é{tenant}", "éacme", "é"),
        ])
    func templates(template: String, full: String, empty: String) throws {
        let policy = try policy(
            "default: deny\nrules:\n  - {id: r, action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: '\(template)'}\n"
        )
        #expect(policy.keyText(0, request(source: "cli"), agent: "a1") == full)
        let blank = request("", roles: [], tenant: nil, subject: nil)
        #expect(policy.keyText(0, blank, agent: nil) == empty)
    }

    @Test("S21 two callers whose keys read the same have different fields")
    func keyFields() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: r, action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: "{tenant}:{subject}"}
            """)
        let one = request(tenant: "a", subject: "b:c")
        let other = request(tenant: "a:b", subject: "c")
        #expect(policy.keyText(0, one, agent: nil) == policy.keyText(0, other, agent: nil))
        #expect(policy.keyFields(0, one, agent: nil) != policy.keyFields(0, other, agent: nil))
    }

    @Test("a cost and whether it is settled belong to the limit; without them it is 1 and is not")
    func costs() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: dear, action: ALLOW, rate_limit_per_minute: 600, rate_limit_cost: 50, rate_limit_settle: true, rate_limit_key_template: "{tenant}"}
              - {id: plain, action: ALLOW, rate_limit_per_minute: 600, rate_limit_key_template: "{tenant}"}
            """)
        #expect(policy.limits.map(\.cost) == [50, 1])
        #expect(policy.limits.map(\.settles) == [true, false])
        let told = PolicyExplainer.explain(policy, request(), agents: [])
        #expect(told.contains("limit 'dear': 600/min, burst 600, cost 50, settled key 'acme'"), "\(told)")
        #expect(told.contains("limit 'plain': 600/min, burst 600 key 'acme'"), "\(told)")
    }
}
