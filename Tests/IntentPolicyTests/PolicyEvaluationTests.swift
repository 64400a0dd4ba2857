import IntentPolicy
import IntentProtocol
import Testing

@Suite("policy decisions")
struct PolicyEvaluationTests {
    @Test(
        "a star is any run of characters, over the whole name, case-sensitive",
        arguments: [
            ("*", "Anything", true), ("Admin*", "AdminX", true), ("Admin*", "Admin", true), ("Admin*", "adminX", false),
            ("Admin*", "XAdmin", false), ("*Job", "NightJob", true), ("*Job", "Jobs", false), ("*mid*", "amidst", true),
            ("*mid*", "mad", false), ("a*b*c", "aXbYc", true), ("a*b*c", "abc", true), ("a*b*c", "acb", false),
            ("a*a", "a", false), ("a**b", "ab", true), ("Get", "GetX", false), ("Get", "Get", true),
            ("Caf\u{e9}", "Cafe\u{301}", false), ("*e\u{301}", "Cafe\u{301}", true), ("", "X", false),
            ("a.c", "abc", false),
        ])
    func globs(pattern: String, name: String, matches: Bool) throws {
        let policy = try policy("default: deny\nrules:\n  - {id: r, action: ALLOW, intents: [\"\(pattern)\"]}\n")
        #expect(policy.verdict(request(name)) == (matches ? "ALLOW r" : "DENY default"))
    }

    @Test(
        "C7, C8: the bare star and an absent list also take what is absent; roles: [] takes only callers without roles",
        arguments: [
            ("roles: ['*']", true), ("tenants: ['*']", true), ("agents: ['*']", true), ("roles: []", true),
            ("tenants: []", true), ("agents: []", true), ("roles: null", true), ("roles: ['u*']", false),
            ("tenants: ['a*']", false), ("agents: ['a*']", false), ("tenants: ['x', '*']", true),
            ("tenants: ['**']", true),
        ])
    func absence(field: String, matches: Bool) throws {
        let policy = try policy("default: deny\nrules:\n  - id: r\n    action: ALLOW\n    \(field)\n")
        let verdict = policy.verdict(request(roles: [], tenant: nil, subject: nil), agent: nil)
        #expect(verdict == (matches ? "ALLOW r" : "DENY default"))
    }

    @Test("C8: roles: [] does not take a caller with a role; one of several roles is enough for a list")
    func roles() throws {
        let none = try policy("default: allow\nrules:\n  - {id: r, action: DENY, roles: []}\n")
        #expect(none.verdict(request(roles: ["x"])) == "ALLOW default")
        #expect(none.verdict(request(roles: [])) == "DENY r")
        let some = try policy("default: deny\nrules:\n  - {id: r, action: ALLOW, roles: [ops, \"admin-*\"]}\n")
        #expect(some.verdict(request(roles: ["user", "admin-eu"])) == "ALLOW r")
        #expect(some.verdict(request(roles: ["user"])) == "DENY default")
    }

    @Test("C10: the first match decides, by priority and then by place")
    func order() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: late, action: DENY, priority: 10}
              - {id: one, action: ALLOW, priority: -1, intents: [A]}
              - {id: two, action: DENY, priority: -1, intents: [A]}
              - {id: zero, action: ALLOW, intents: [B]}
            """)
        #expect(policy.verdict(request("A")) == "ALLOW one")
        #expect(policy.verdict(request("B")) == "ALLOW zero")
        #expect(policy.verdict(request("C")) == "DENY late")
    }

    @Test("C12: an agent's rule takes that agent alone")
    func agents() throws {
        let policy = try policy(
            "default: deny\nrules:\n  - {id: p, action: DENY, agents: [\"billing-*\"]}\n  - {id: u, action: ALLOW, roles: [user]}\n"
        )
        #expect(policy.verdict(request(), agent: "billing-1") == "DENY p")
        #expect(policy.verdict(request(), agent: "open") == "ALLOW u")
        #expect(policy.verdict(request(), agent: nil) == "ALLOW u")
    }

    @Test("shadow rules never decide, and those that would have decided otherwise are named")
    func shadows() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: s1, action: DENY, mode: shadow, intents: ["Get*"]}
              - {id: s2, action: ALLOW, mode: shadow}
              - {id: real, action: ALLOW, roles: [user]}
              - {id: s3, action: DENY, mode: shadow}
            """)
        #expect(policy.verdict(request()) == "ALLOW real")
        #expect(policy.dissenters(request()) == ["s1"])
        #expect(policy.dissenters(request("Set")) == [])
        #expect(policy.verdict(request("Set", roles: [])) == "DENY default")
        #expect(policy.dissenters(request("Set", roles: [])) == ["s2"])
    }

    @Test("a shadow rule that cannot be evaluated changes nothing; an enforced one denies and is named")
    func faults() throws {
        let hostile: JSONObject = ["a": .string(String(repeating: "a", count: 5_000) + "!")]
        for mode in ["shadow", "enforce"] {
            let policy = try policy(
                """
                default: allow
                rules:
                  - {id: rx, action: ALLOW, mode: \(mode), payload_regex: {a: '(a+)+$'}}
                  - {id: rest, action: ALLOW}
                """)
            let expected = mode == "shadow" ? "ALLOW rest" : "FAULT rx"
            #expect(policy.verdict(request(payload: hostile)) == expected)
            let decision = policy.evaluate(request(payload: hostile), agent: nil)
            #expect(decision.isAllowed == (mode == "shadow"))
            #expect(decision.limits.isEmpty)
        }
    }

    @Test("the exact dialect takes names literally, keeps list order, reads [] as any, and allows by default")
    func exact() throws {
        let policy = try policy(
            """
            dialect: exact
            rules:
              - {id: star, action: deny, intents: ["*"]}
              - {id: none, action: deny, roles: [], intents: [Z], priority: 9}
              - {id: chars, action: deny, intents: Get}
            """)
        #expect(policy.verdict(request("GetX")) == "ALLOW default")
        #expect(policy.verdict(request("*")) == "DENY star")
        #expect(policy.verdict(request("Z")) == "DENY none")
        #expect(policy.verdict(request("G")) == "DENY chars")
    }

    @Test("with many rules the indexed look-up decides as trying one rule after the other does")
    func indexAgreesWithList() throws {
        var generator = SplitMix64(seed: 7)
        let names = ["A", "B", "AB", "ABC", "BC", "CA"]
        let patterns = names + ["*", "A*", "*C", "*BC", "**A", "*A*C", "*B*", "A*C"]
        for _ in 0..<60 {
            let rules = (0..<40).map { number in
                let intents = (0..<2).map { _ in "'\(patterns.randomElement(using: &generator) ?? "A")'" }
                let role = ["[]", "['*']", "[user]", "[ops]"].randomElement(using: &generator) ?? "[]"
                let action = Bool.random(using: &generator) ? "ALLOW" : "DENY"
                return
                    "  - {id: r\(number), action: \(action), intents: [\(intents.joined(separator: ", "))], roles: \(role)}"
            }
            let whole = try policy("default: deny\nrules:\n" + rules.joined(separator: "\n"))
            // Short policies are tried one rule after the other.
            let parts = try stride(from: 0, to: 40, by: 8).map { start in
                try policy("default: deny\nrules:\n" + rules[start..<start + 8].joined(separator: "\n"))
            }
            for name in names + ["Q", "ABCA"] {
                for roles in [[], ["user"], ["ops", "user"]] {
                    let asked = request(name, roles: roles)
                    let one = parts.map { $0.verdict(asked) }.first { !$0.hasSuffix("default") } ?? "DENY default"
                    #expect(whole.verdict(asked) == one, "\(name) \(roles)")
                }
            }
        }
    }
}
