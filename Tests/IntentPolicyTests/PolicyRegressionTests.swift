import Documents
import IntentPolicy
import IntentProtocol
import Testing

/// Faults that this room once had; each test says which, and fails when one comes back.
@Suite("policy, regressions")
struct PolicyRegressionTests {
    /// Runs expectations; the words name the fault that they guard against.
    private func regression(_ fault: String, _ body: () throws -> Void) rethrows {
        try body()
    }

    @Test(
        "the exact dialect refuses what it cannot read, instead of dropping it",
        arguments: [
            "rules: {a: {action: deny}}", "rules: deny", "default: [deny]", "rules: [deny]",
            "rules: [{action: allow, intents: {Get: 1}}]", "rules: [{action: allow, payload_regex: secret}]",
            "rules: [{action: allow, rate_limit_per_minute: '1000'}]",
            "rules: [{action: allow, rate_limit_per_minute: 10.0}]",
            "rules: [{action: allow, roles: [[admin]]}]",
        ])
    func exactShapes(text: String) {
        regression("a value of the wrong shape counts as absent, which opens the policy") {
            #expect(!load("dialect: exact\n" + text).isTaken)
        }
    }

    @Test("the exact dialect does not enforce a rule in shadow mode without a word")
    func exactShadow() {
        regression("mode is not read in the exact dialect") {
            let result = load("dialect: exact\ndefault: allow\nrules: [{id: a, action: deny, mode: shadow}]\n")
            #expect(!result.isTaken || result.findings.contains { $0.contains("mode") })
        }
    }

    @Test(
        "a case that expects nothing that is compared does not pass",
        arguments: [
            #"{"cases": [{"policy": {}, "context": {"intent": "X"}, "expect": true}]}"#,
            #"{"cases": [{"policy": {}, "context": {"intent": "X"}, "expect": {"alowed": true}}]}"#,
            #"{"cases": [{"policy": {}, "context": {"intent": "X"}, "expect": {}}]}"#,
            #"{"dialect": "Exact", "cases": [{"policy": {}, "context": {"intent": "X"}, "expect": {"allowed": false}}]}"#,
            #"{"cases": [{"policy": {}, "context": {"intnet": "X"}, "expect": {"allowed": false}}]}"#,
        ])
    func vacuousCases(text: String) throws {
        let node = try DocumentParser.json(text, file: "cases.json")
        regression("unknown keys of a case are not looked at") {
            let passed = (try? PolicyCaseRunner.run(node))?.passed ?? 0
            #expect(passed == 0)
        }
    }

    @Test("a case's maxTimeoutMs is the decision's, the shortest of all matching rules")
    func shortestTimeout() throws {
        let text = """
            cases:
              - policy: {rules: [{action: ALLOW, max_timeout_ms: 900}, {action: ALLOW, max_timeout_ms: 100}]}
                context: {intent: X}
                expect: {maxTimeoutMs: 100}
            """
        let node = try DocumentParser.yaml(text, file: "cases.yaml")
        try regression("the deciding rule's own is compared") {
            let failures = try PolicyCaseRunner.run(node).failures
            #expect(failures == [])
        }
    }

    @Test("names that are only canonically equal stay apart, with many rules as with few", arguments: [1, 20])
    func canonicalEquivalence(fillers: Int) throws {
        let rules = (0..<fillers).map { "  - {id: f\($0), action: DENY, intents: [F\($0)]}\n" }.joined()
        let policy = try policy(
            "default: allow\nrules:\n  - {id: nfc, action: DENY, intents: [\"\u{e9}\"], roles: [x]}\n" + rules
                + "  - {id: nfd, action: DENY, intents: [\"e\u{301}*\"]}\n")
        regression("the index by intent compares Swift strings, so a DENY is passed over") {
            #expect(policy.verdict(request("e\u{301}")) == "DENY nfd")
        }
    }

    @Test(
        "an expression means what it means in Python",
        arguments: [
            (#"^a\Z"#, "a\n", false), ("^a{,3}b$", "aab", true), (#"^\v$"#, "\u{2028}", false),
            ("^[[:x:]]$", "x]", true),
            (#"^\u0041$"#, "A", true), ("(?u)^a$", "a", true), (#"^\012$"#, "\n", true),
        ])
    func pythonSyntax(pattern: String, text: String, isFound: Bool) throws {
        try regression("patterns go to PCRE2 as they are") {
            let outcome = try PayloadRegex(pattern).search(text)
            #expect(outcome == (isFound ? .found : .absent))
        }
    }

    @Test(
        "an expression that Python refuses is refused",
        arguments: [#"\pL"#, #"a\Kb"#, "(*UTF)a", "(?<name>a)", #"\Qa\E"#, "(?R)", "(?|a|b)", "a(?i)b", #"\R"#, #"\h"#])
    func pythonRefusals(pattern: String) {
        regression("patterns go to PCRE2 as they are") {
            #expect(throws: PayloadRegex.SyntaxFault.self) { () throws in _ = try PayloadRegex(pattern) }
        }
    }

    @Test(
        "a search over a hostile text ends within 50 ms whatever the pattern",
        arguments: ["(x+)[^y]*?yz", "(x+)(x+)[^y]*?yz", "(x|q)+?[^y]*?(y|w)z", "x.*?x.*?x.*?yz"])
    func polynomial(pattern: String) throws {
        let regex = try PayloadRegex(pattern)
        let text = String(repeating: "x", count: 64 << 10) + "z"
        regression(
            "PCRE2's match limit starts anew at each place of the text, and loops over one character do not count"
        ) {
            #expect(fastest { _ = regex.search(text) } < .milliseconds(50))
        }
    }

    @Test(
        "a harmless search over a long text is no fault",
        arguments: [
            (".*email.*|.*ssn.*|.*phone.*|.*address.*", "e", 100_000), ("(?:a|b)*c", "ab", 8_000),
            ("^(?:[a-z]|-)+$", "ab", 8_000),
        ])
    func longButHarmless(pattern: String, unit: String, count: Int) throws {
        let regex = try PayloadRegex(pattern)
        regression("the match limit and the small stack of the compiled code deny long harmless texts") {
            #expect(regex.search(String(repeating: unit, count: count / unit.count)) != .exceededLimit)
        }
    }

    @Test("a thousand rules with prefixes are decided in microseconds, and checked in a second")
    func scale() throws {
        let clock = ContinuousClock()
        func text(_ count: Int) -> String {
            "default: deny\nrules:\n"
                + (0..<count).map { "  - {id: r\($0), action: ALLOW, intents: [\"S\($0)-*\"], roles: [user]}\n" }
                .joined()
        }
        let thousand = try policy(text(1_000))
        let asked = request("S999-x")
        regression("patterns are tried one after the other; the lint compiles each pattern anew for each pair of rules")
        {
            let start = clock.now
            for _ in 0..<1_000 { #expect(thousand.evaluate(asked, agent: nil).isAllowed) }
            // Generous for builds without optimization.
            #expect(clock.now - start < .milliseconds(150))
            let loading = clock.now
            #expect(load(text(1_500)).isTaken)
            #expect(clock.now - loading < .seconds(1))
        }
    }

    @Test("S21 a value over 256 bytes does not enter a key")
    func longKeyValue() throws {
        let policy = try policy(
            "default: deny\nrules:\n  - {id: r, action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: '{subject}'}\n"
        )
        let asked = request(subject: String(repeating: "s", count: 257))
        regression("values are not bounded") {
            let isDenied = !policy.evaluate(asked, agent: nil).isAllowed
            #expect(isDenied || policy.keyFields(0, asked, agent: nil).allSatisfy { $0.utf8.count <= 256 })
        }
    }

    @Test("two rules of one id in the exact dialect do not share a limit's name")
    func exactDuplicateIds() throws {
        let policy = try policy(
            "dialect: exact\nrules:\n  - {id: a, action: allow, intents: [X], rate_limit_per_minute: 1}\n  - {id: a, action: allow, rate_limit_per_minute: 9}\n"
        )
        regression("the limit is named by the id alone, and the name is part of the bucket's key") {
            #expect(Set(policy.limits.map(\.ruleId)).count == 2)
        }
    }

    @Test("a second file that does not state dialect or rate_limits takes the first one's")
    func laterFiles() {
        for statement in ["rate_limits: first", "dialect: exact"] {
            regression("an absent key counts as its default and contradicts the first file") {
                let files = [
                    (name: "a.yaml", text: "default: deny\n\(statement)"), (name: "b.yaml", text: "rules: []"),
                ]
                #expect(PolicyLoader.load(files, into: Diagnostics()) != nil)
            }
        }
    }

    @Test(
        "lint finds more of what it is for",
        arguments: [
            ("{action: DENY, intents: [\"Get*\"]}", "{action: ALLOW, intents: [\"GetUser*\"]}", 4, "never reached"),
            (
                "{action: ALLOW, roles: [a], rate_limit_per_minute: 5, rate_limit_key_template: '{intent}'}",
                "{action: DENY}", 3, "bucket"
            ),
            (
                "{action: ALLOW, roles: [a], rate_limit_per_minute: 5, rate_limit_key_template: '{source}'}",
                "{action: DENY}", 3, "source"
            ),
        ])
    func lintGaps(first: String, second: String, line: Int, part: String) {
        regression("not looked for") {
            let findings = load("default: deny\nrules:\n  - \(first)\n  - \(second)\n").findings
            #expect(findings.contains { $0.hasPrefix("policy.yaml:\(line):") && $0.contains(part) }, "\(findings)")
        }
    }

    @Test("lint does not call unreachable a rule that shortens the time of requests that another one allowed")
    func lintTimeouts() {
        regression("only limits are looked at") {
            let findings = load("default: deny\nrules:\n  - {action: ALLOW}\n  - {action: ALLOW, max_timeout_ms: 5}\n")
                .findings
            #expect(findings.allSatisfy { !$0.contains("never reached") })
        }
    }
}
