import Documents
import IntentPolicy
import Testing

@Suite("policy lint")
struct PolicyLintTests {
    static let guide = """
        rules:
          - {id: require-auth, action: DENY, intents: ["*"], agents: ["*"], roles: [], tenants: ["*"]}
          - id: admin-only
            action: DENY
            intents: ["Admin*", "Delete*", "Config*"]
            roles: [user, viewer]
          - {id: tenant-rate-limit, action: ALLOW, rate_limit_per_minute: 1000, rate_limit_key_template: "{tenant}"}
          - {id: default-allow, action: ALLOW, roles: [user, admin]}
        """

    @Test("the guide's own policy: no default, a role list that guest passes, a rule that is never reached")
    func guidePolicy() throws {
        let result = load(Self.guide)
        #expect(result.isTaken)
        #expect(result.findings.contains { $0.hasPrefix("policy.yaml:2:") && $0.contains("no default is stated") })
        #expect(
            result.findings.contains {
                $0.hasPrefix("policy.yaml:3:") && $0.contains("denies only the roles user, viewer")
            })
        #expect(
            result.findings.contains {
                $0.hasPrefix("policy.yaml:8:") && $0.contains("'default-allow' is never reached: 'tenant-rate-limit'")
            })
        #expect(result.findings.allSatisfy { $0.contains("warning") })
        // What the warnings say is so.
        let policy = try policy(Self.guide)
        #expect(policy.verdict(request("AdminX", roles: ["guest"])) == "ALLOW tenant-rate-limit")
        #expect(policy.verdict(request("AdminX", roles: ["admin", "user"])) == "DENY admin-only")
    }

    @Test(
        "warns with file and line",
        arguments: [
            ("{id: a, action: ALLOW, intents: []}", "intents: [] means any"),
            ("{id: a, action: ALLOW, agents: []}", "agents: [] means any"),
            ("{id: a, action: ALLOW, tenants: []}", "tenants: [] means any"),
            ("{id: a, action: DENY, rate_limit_per_minute: 5}", "its rate limit has no effect"),
            ("{id: a, action: ALLOW, rate_limit_per_minute: 5}", "all callers share one bucket"),
            (
                "{id: a, action: ALLOW, rate_limit_per_minute: 5, rate_limit_key_template: x}",
                "all callers share one bucket"
            ),
            (
                "{id: a, action: ALLOW, rate_limit_per_minute: 0, rate_limit_key_template: '{tenant}'}",
                "refuses every request"
            ),
            (
                "{id: a, action: ALLOW, rate_limit_per_minute: 5, rate_limit_cost: 6, rate_limit_key_template: '{tenant}'}",
                "a cost of 6 is above the burst of 5 and refuses every request"
            ),
            (
                "{id: a, action: ALLOW, rate_limit_per_minute: 5, rate_limit_settle: true, rate_limit_key_template: '{tenant}'}",
                "rate_limit_settle without rate_limit_cost"
            ),
            ("{id: a, action: DENY, mode: shadow}", "every rule is in shadow mode"),
            ("{id: a, action: DENY, roles: [user]}", "denies only the roles user"),
        ])
    func warnings(rule: String, reason: String) {
        let result = load("default: deny\nrules:\n  - \(rule)\n")
        #expect(result.isTaken)
        #expect(
            result.findings.contains {
                $0.hasPrefix("policy.yaml:3:") && $0.contains("warning") && $0.contains(reason)
            },
            "\(result.findings)")
    }

    @Test(
        "a rule is unreachable only behind one that surely matches the same",
        arguments: [
            ("{action: DENY}", "{action: ALLOW, intents: [X]}", true),
            ("{action: DENY, intents: [\"Get*\"]}", "{action: ALLOW, intents: [GetA, GetB]}", true),
            ("{action: DENY, intents: [\"Get*\"]}", "{action: ALLOW, intents: [GetA, SetB]}", false),
            ("{action: DENY, roles: []}", "{action: ALLOW}", false),
            ("{action: DENY, roles: []}", "{action: ALLOW, roles: []}", true),
            ("{action: DENY, roles: [user]}", "{action: ALLOW, roles: [user]}", true),
            ("{action: DENY, roles: [user]}", "{action: ALLOW, roles: [\"*\"]}", false),
            ("{action: DENY, tenants: [t]}", "{action: ALLOW}", false),
            ("{action: DENY, agents: [\"*\"]}", "{action: ALLOW, agents: [x]}", true),
            ("{action: DENY, payload_regex: {a: x}}", "{action: ALLOW}", false),
            ("{action: DENY, mode: shadow}", "{action: ALLOW}", false),
            ("{action: DENY}", "{action: ALLOW, mode: shadow}", false),
            ("{action: DENY, priority: 9}", "{action: ALLOW}", false),
            (
                "{action: ALLOW}", "{action: ALLOW, rate_limit_per_minute: 9, rate_limit_key_template: '{tenant}'}",
                false
            ),
            ("{action: DENY}", "{action: ALLOW, rate_limit_per_minute: 9, rate_limit_key_template: '{tenant}'}", true),
        ])
    func unreachable(first: String, second: String, isUnreachable: Bool) {
        let result = load("default: deny\nrules:\n  - \(first)\n  - \(second)\n")
        #expect(result.isTaken, "\(result.findings)")
        let found = result.findings.contains { $0.hasPrefix("policy.yaml:4:") && $0.contains("never reached") }
        #expect(found == isUnreachable, "\(result.findings)")
    }

    @Test("a clean policy earns no warning")
    func clean() {
        let text = """
            default: deny
            rules:
              - {id: admins, action: ALLOW, intents: ["Admin*"], roles: [admin]}
              - {id: readers, action: ALLOW, intents: ["Get*"], roles: [user], rate_limit_per_minute: 60, rate_limit_key_template: "{subject}"}
              - {id: dear, action: ALLOW, intents: ["Ask*"], roles: [user], rate_limit_per_minute: 60, rate_limit_burst: 500, rate_limit_cost: 500, rate_limit_settle: true, rate_limit_key_template: "{subject}"}
            """
        #expect(load(text).findings == [])
    }
}
