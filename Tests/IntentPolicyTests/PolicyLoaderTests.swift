import Documents
import IntentPolicy
import Testing

@Suite("policy files")
struct PolicyLoaderTests {
    @Test("a limit beyond what a bucket counts is taken for the most it counts, and said so")
    func hugeLimit() throws {
        let diagnostics = Diagnostics()
        let text = """
            default: deny
            rules:
              - {id: a, action: ALLOW, rate_limit_per_minute: 1000000000, rate_limit_burst: 7}
            """
        let policy = PolicyLoader.load([("policy.yaml", text)], into: diagnostics)
        #expect(policy?.rules.first?.ratePerMinute == 100_000_000)
        #expect(policy?.rules.first?.burst == 7)
        #expect(
            diagnostics.warnings.map(\.description).contains {
                $0.contains("policy.yaml:3:51") && $0.contains("counts as 100000000")
            }, "\(diagnostics.all)")
    }

    @Test(
        "refuses with file, line and reason",
        arguments: [
            ("default: maybe", "policy.yaml:1:10: error: default must be ALLOW or DENY"),
            ("default: allow\ndefault_action: DENY", "policy.yaml:2:17: error: default and default_action contradict"),
            ("defualt: deny", "policy.yaml:1:1: error: unknown key 'defualt'; did you mean 'default'?"),
            ("dialect: regex", "policy.yaml:1:10: error: dialect must be one of glob, exact"),
            ("rate_limits: some", "policy.yaml:1:14: error: rate_limits must be one of all, first"),
            ("default: 1", "policy.yaml:1:10: error: default must be a string"),
            ("rules: {a: b}", "policy.yaml:1:8: error: rules must be a list"),
            ("rules: [x]", "policy.yaml:1:9: error: rules[0] must be a mapping"),
            ("rules:\n  - {id: a}", "policy.yaml:2:5: error: rules[0].action is required"),
            ("rules:\n  - {action: BLOCK}", "policy.yaml:2:14: error: rules[0].action must be ALLOW or DENY"),
            (
                "rules:\n  - action: DENY\n    intent: [x]",
                "policy.yaml:3:5: error: unknown key 'intent'; did you mean 'intents'?"
            ),
            ("rules:\n  - {action: DENY, intents: Get*}", "policy.yaml:2:29: error: rules[0].intents must be a list"),
            ("rules:\n  - {action: DENY, roles: [1]}", "policy.yaml:2:28: error: rules[0].roles[0] must be a string"),
            ("rules:\n  - {action: DENY, mode: off}", "policy.yaml:2:26: error: rules[0].mode must be one of"),
            (
                "rules:\n  - {action: DENY, priority: high}",
                "policy.yaml:2:30: error: rules[0].priority must be an integer"
            ),
            ("rules:\n  - {action: ALLOW, max_timeout_ms: 0}", "policy.yaml:2:37: error: rules[0].max_timeout_ms"),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: -1}",
                "policy.yaml:2:44: error: rules[0].rate_limit_per_minute"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 1.5}",
                "policy.yaml:2:44: error: rules[0].rate_limit_per_minute"
            ),
            ("rules:\n  - {action: ALLOW, rate_limit_burst: 5}", "needs rate_limit_per_minute beside it"),
            (
                "rules:\n  - {action: ALLOW, rate_limit_cost: 5}",
                "rate_limit_cost needs rate_limit_per_minute beside it"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_settle: true}",
                "rate_limit_settle needs rate_limit_per_minute beside it"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 5, rate_limit_cost: 0}",
                "policy.yaml:2:64: error: rules[0].rate_limit_cost must be an integer from 1 to 1000000"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 5, rate_limit_cost: 1000001}",
                "rules[0].rate_limit_cost must be an integer from 1 to 1000000"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 5, rate_limit_settle: often}",
                "rules[0].rate_limit_settle must be true or false"
            ),
            (
                "dialect: exact\nrules:\n  - {id: a, action: ALLOW, rate_limit_per_minute: 5, rate_limit_cost: 2}",
                "the exact dialect does not know rate_limit_cost"
            ),
            (
                "dialect: exact\nrules:\n  - {id: a, action: ALLOW, rate_limit_per_minute: 5, rate_limit_settle: true}",
                "the exact dialect does not know rate_limit_settle"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: '{user}'}",
                "unknown placeholder '{user}'; known: {tenant} {intent} {agent} {subject} {source}"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: '{tenant'}",
                "a '{' is not closed"
            ),
            (
                "rules:\n  - {action: ALLOW, rate_limit_per_minute: 1, rate_limit_key_template: 'a}'}",
                "a '}' closes nothing"
            ),
            (
                "rules:\n  - {action: DENY, payload_regex: {a: '('}}",
                "policy.yaml:2:39: error: the regex for 'a' cannot be parsed"
            ),
            (
                "rules:\n  - {action: DENY, payload_regex: x}",
                "policy.yaml:2:35: error: rules[0].payload_regex must map"
            ),
            (
                "rules:\n  - {action: DENY, payload_regex: {a: 1}}",
                "policy.yaml:2:39: error: rules[0].payload_regex.a must be a regex"
            ),
            (
                "rules:\n  - {id: a, action: DENY}\n  - {id: a, action: ALLOW}",
                "policy.yaml:3:5: error: rule id 'a' is used twice"
            ),
            (
                "rules:\n  - {id: rule-2, action: DENY}\n  - {action: ALLOW}",
                "policy.yaml:3:5: error: rule id 'rule-2' is used twice"
            ),
            ("- a", "policy.yaml:1:1: error: the document must be a mapping"),
            ("default: deny\ndefault: deny", "policy.yaml:1:1: error: key 'default' is given more than once"),
        ])
    func refusals(text: String, reason: String) {
        let result = load(text)
        #expect(!result.isTaken)
        #expect(result.findings.contains { $0.contains(reason) }, "\(result.findings)")
    }

    @Test("every error of a file is told at once")
    func allErrors() {
        let result = load("default: maybe\nrules:\n  - {action: X}\n  - {action: DENY, agnets: []}\n")
        #expect(result.findings.filter { $0.contains("error") }.count == 3, "\(result.findings)")
    }

    @Test("JSON is read as JSON by the file's name, and YAML in it is refused")
    func json() throws {
        #expect(try policy(#"{"default":"ALLOW"}"#, file: "p.json").verdict(request()) == "ALLOW default")
        #expect(!load("default: allow", file: "p.json").isTaken)
        #expect(try policy("default: allow", file: "P.YML").verdict(request()) == "ALLOW default")
    }

    @Test(
        "both default keys are read in any letter case",
        arguments: [
            ("default: ALLOW", "ALLOW"), ("default_action: Allow", "ALLOW"),
            ("default: deny\ndefault_action: DENY", "DENY"),
            ("version: '1.0'", "DENY"), ("version: 2", "DENY"), ("default:", "DENY"), ("rules: []", "DENY"),
            ("", "DENY"),
        ])
    func defaults(text: String, verdict: String) throws {
        #expect(try policy(text).verdict(request()) == "\(verdict) default")
    }

    @Test("a rule without an id is named by its place")
    func missingId() throws {
        let policy = try policy("rules:\n  - {action: DENY, intents: [Q]}\n  - {action: ALLOW}\n")
        #expect(policy.verdict(request()) == "ALLOW rule-2")
    }

    @Test("several files make one policy: rules follow each other, ids stay unique, defaults must agree")
    func severalFiles() throws {
        let first = (name: "a.yaml", text: "default: deny\nrules:\n  - {id: a, action: DENY, intents: [\"Admin*\"]}\n")
        let second = (name: "b.yaml", text: "rules:\n  - {id: b, action: ALLOW}\n")
        let whole = CompiledPolicy(try #require(PolicyLoader.load([first, second], into: Diagnostics())))
        #expect(whole.verdict(request("AdminX")) == "DENY a")
        #expect(whole.verdict(request("X")) == "ALLOW b")
        for (text, reason) in [
            ("default: allow", "default must agree"),
            ("rules:\n  - {id: a, action: ALLOW}", "b.yaml:2:5: error: rule id 'a'"),
            ("dialect: exact", "dialect and rate_limits must agree"),
        ] {
            let diagnostics = Diagnostics()
            #expect(PolicyLoader.load([first, (name: "b.yaml", text: text)], into: diagnostics) == nil)
            #expect(diagnostics.errors.contains { $0.description.contains(reason) }, "\(diagnostics.sorted)")
        }
    }

    @Test("the exact dialect warns at each quirk that it keeps")
    func exactWarnings() {
        let text = """
            dialect: exact
            default_action: DENY
            rules:
              - {id: a, action: MAYBE, intents: Get, priority: 3}
              - {id: a, action: ALLOW}
            """
        let result = load(text)
        #expect(result.isTaken, "\(result.findings)")
        for (line, part) in [
            (1, "allows by default"), (2, "ignores default_action"), (4, "unknown action as deny"),
            (4, "list of its characters"), (4, "ignores priority"),
        ] {
            #expect(
                result.findings.contains { $0.hasPrefix("policy.yaml:\(line):") && $0.contains(part) },
                "\(result.findings)")
        }
    }

    @Test("a file that is missing or cannot be parsed hides no error of the others, and nothing is taken")
    func incomplete() {
        let bad = (name: "b.yaml", text: "default: deny\nrules:\n  - {id: a, action: PERMIT}\n")
        let diagnostics = Diagnostics()
        #expect(PolicyLoader.load([(name: "a.yaml", text: "default: ["), bad], into: diagnostics) == nil)
        #expect(diagnostics.errors.map { $0.location?.file } == ["a.yaml", "b.yaml"])
        let rest = Diagnostics()
        #expect(PolicyLoader.load([bad], isWhole: false, into: rest) == nil)
        #expect(rest.errors.count == 1)
        // That a default is nowhere stated cannot be known of a part.
        let good = Diagnostics()
        let text = "rules:\n  - {id: a, action: ALLOW, roles: [x]}\n"
        #expect(PolicyLoader.load([(name: "c.yaml", text: text)], isWhole: false, into: good) == nil)
        #expect(good.all.isEmpty)
    }
}
