import Documents
import IntentPolicy
import IntentProtocol
import Testing

@Suite("policy explain")
struct PolicyExplainerTests {
    @Test("tells for every rule why it matched or not, and the decision with its limits")
    func explain() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: auth, action: DENY, roles: []}
              - {id: admin, action: DENY, intents: ["Admin*"]}
              - {id: team, action: ALLOW, roles: [ops]}
              - {id: eu, action: ALLOW, tenants: ["eu-*"]}
              - {id: pii, action: DENY, payload_regex: {q: secret}}
              - {id: trial, action: DENY, mode: shadow}
              - {id: users, action: ALLOW, agents: ["sum*"], rate_limit_per_minute: 5, rate_limit_key_template: "{tenant}", max_timeout_ms: 200}
            """)
        let lines = PolicyExplainer.explain(policy, request(payload: ["q": "open"]), agents: ["summarizer", "other"])
            .split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "agent summarizer:", "   auth DENY: the caller has roles",
                "   admin DENY: intent 'GetX' is not among its intents",
                "   team ALLOW: none of the caller's roles [user] is among its roles",
                "   eu ALLOW: tenant 'acme' is not among its tenants",
                "   pii DENY: payload 'q' does not match its regex",
                "   trial DENY (shadow): matches", "=> users ALLOW: matches", "allowed by rule 'users'",
                "   limit 'users': 5/min, burst 5 key 'acme'", "   at most 200 ms",
                "   shadow rule 'trial' would have decided otherwise", "agent other:",
                "   auth DENY: the caller has roles",
                "   admin DENY: intent 'GetX' is not among its intents",
                "   team ALLOW: none of the caller's roles [user] is among its roles",
                "   eu ALLOW: tenant 'acme' is not among its tenants",
                "   pii DENY: payload 'q' does not match its regex",
                "   trial DENY (shadow): matches", "   users ALLOW: agent 'other' is not among its agents",
                "denied by the default",
            ])
    }

    @Test("reads a request document and says when a rule could not be evaluated")
    func fault() throws {
        let text = "{intent: X, roles: [user], payload: {a: \"\(String(repeating: "a", count: 3_000))!\"}}"
        let context = try DocumentParser.yaml(text, file: "request.yaml")
        let policy = try policy("default: allow\nrules:\n  - {id: rx, action: ALLOW, payload_regex: {a: '(a+)+$'}}\n")
        let told = PolicyExplainer.explain(policy, PolicyRequest(context: context), agents: [])
        #expect(told.contains("=> rx ALLOW: payload 'a' could not be searched within the limits"), "\(told)")
        #expect(told.contains("denied by rule 'rx' (its regex could not be evaluated within its limits)"), "\(told)")
    }
}
