import Authorization
import Testing

@Suite("Decisions")
struct DecisionTests {
    private let any = "rules: [{}]"
    private let never = "rules: [{to: [{operation: {paths: [/never]}}]}]"

    @Test("a decision names the policy and the rule")
    func names() throws {
        let compiled = try compile(
            resource(
                "rules: [{to: [{operation: {paths: [/a]}}]}, {to: [{operation: {paths: ['/b*']}}]}]", name: "pages")
                + resource("action: DENY\nrules: [{to: [{operation: {paths: [/b/secret]}}]}]", name: "secret"))
        #expect(compiled.evaluate(request("/b/1")).reason.description == "allowed by foo/pages rule 1")
        #expect(compiled.evaluate(request("/a")).reason.rule?.rule == 0)
        #expect(compiled.evaluate(request("/b/secret")).reason.description == "denied by foo/secret rule 0")
        #expect(compiled.evaluate(request("/c")).reason == .noRuleMatched)
        #expect(try compile("").evaluate(request()).reason == .noAllowPolicy)
    }

    @Test("CUSTOM denies what it matches before anything else, and nothing else")
    func custom() throws {
        let spec = "action: CUSTOM\nprovider: {name: ext}\nrules: [{to: [{operation: {paths: ['/admin/*']}}]}]"
        let compiled = try compile(resource(spec, name: "c") + resource(any, name: "a"))
        #expect(
            compiled.evaluate(request("/admin/x")).reason.description
                == "denied by foo/c rule 0: CUSTOM without a known provider")
        #expect(compiled.evaluate(request("/x")).isAllowed)
    }

    @Test("AUDIT marks, once per policy, whatever else is decided; a dry-run AUDIT marks nothing")
    func audit() throws {
        let audit = "action: AUDIT\nrules: [{to: [{operation: {methods: [PUT]}}]}, {}, {}]"
        let compiled = try compile(
            resource(audit, name: "one") + resource("action: AUDIT", name: "empty")
                + resource(audit, name: "dry", annotations: "istio.io/dry-run: 'true'") + resource(never, name: "a"))
        let denied = compiled.evaluate(request())
        #expect(!denied.isAllowed)
        #expect(denied.audited.map(\.description) == ["foo/one rule 1"])
        #expect(denied.shadow == .noRuleMatched)
        #expect(compiled.evaluate(request("/never")).audited.map(\.description) == ["foo/one rule 1"])
    }

    @Test("dry-run policies tell what they would do and do nothing")
    func dryRun() throws {
        let dry = "istio.io/dry-run: 'true'"
        let deny = try compile(
            resource("action: DENY\n\(any)", name: "d", annotations: dry) + resource(any, name: "a"))
        let decision = deny.evaluate(request())
        #expect(decision.isAllowed)
        #expect(decision.shadow?.description == "denied by foo/d rule 0")
        #expect(decision.shadowDiffers)
        let allow = try compile(resource(never, name: "a", annotations: dry)).evaluate(request())
        #expect(allow.reason == .noAllowPolicy)
        #expect(allow.shadow == .noRuleMatched)
        let custom = "action: CUSTOM\nprovider: {name: ext}\n\(any)"
        #expect(try compile(resource(custom, annotations: dry)).evaluate(request()).isAllowed)
        #expect(try compile(resource(any)).evaluate(request()).shadow == nil)
        let spelt = try compile(resource("action: DENY\n\(any)", annotations: "istio.io/dry-run: 'yes'"))
        #expect(!spelt.evaluate(request()).isAllowed)
    }

    @Test("a header's name is compared without letter case, its values joined; `host` is the authority")
    func headers() throws {
        func admits(_ key: String, _ value: String, _ request: AuthorizationRequest) throws -> Bool {
            try compile(resource("rules: [{when: [{key: '\(key)', values: ['\(value)']}]}]")).evaluate(request)
                .isAllowed
        }
        let asked = request(headers: [("X-A", "1"), ("x-b", "2"), ("x-a", "3"), ("X-E", "")])
        #expect(try admits("request.headers[x-a]", "1,3", asked))
        #expect(try !admits("request.headers[x-a]", "1", asked))
        #expect(try admits("request.headers[X-B]", "2", asked))
        #expect(try admits("request.headers[x-e]", "*", asked))
        #expect(try admits("request.headers[x-f]", ",,b", request(headers: [("x-f", ""), ("x-f", ""), ("x-f", "b")])))
        #expect(try !admits("request.headers[x-c]", "*", asked))
        #expect(try admits("request.headers[Host]", "httpbin.foo", asked))
        let names = try compile(
            resource(
                "rules: [{when: [{key: 'request.headers[X-A]', values: ['1']}, {key: 'request.headers[x-a]', values: [b]}]}]"
            )
        ).headerNames
        #expect(names == [Array("x-a".utf8)])
    }

    @Test("stars and slashes are bytes, whatever accents follow them; a host's case is that of ASCII")
    func bytesNotCharacters() throws {
        func admits(_ field: String, _ value: String, _ request: AuthorizationRequest) throws -> Bool {
            try compile(resource("rules: [{to: [{operation: {\(field): [\"\(value)\"]}}]}]")).evaluate(request)
                .isAllowed
        }
        #expect(try admits("paths", "*\u{301}x", request("/a\u{301}x")))
        #expect(try admits("paths", "/a\u{301}*", request("/a\u{301}x")))
        #expect(try !admits("paths", "/\u{e9}", request("/e\u{301}")))
        #expect(try admits("paths", "/{*}/\u{61}", request("/x/a")))
        #expect(try admits("hosts", "B\u{c9}.example", request(host: "b\u{c9}.EXAMPLE")))
        #expect(try !admits("hosts", "b\u{c9}.example", request(host: "b\u{e9}.example")))
    }

    @Test("a request without a host matches no host, so every notHosts")
    func noHost() throws {
        let positive = try compile(resource("rules: [{to: [{operation: {hosts: ['*']}}]}]"))
        let negative = try compile(resource("rules: [{to: [{operation: {notHosts: ['*']}}]}]"))
        #expect(!positive.evaluate(request(host: nil)).isAllowed)
        #expect(positive.evaluate(request(host: "")).isAllowed)
        #expect(negative.evaluate(request(host: nil)).isAllowed)
    }

    @Test("a policy of the root namespace counts once for a workload of the root namespace")
    func rootWorkload() throws {
        let text = resource("action: AUDIT\n\(any)", namespace: "istio-system")
        let compiled = try compile(text, workload: Workload(namespace: "istio-system"))
        #expect(compiled.evaluate(request()).audited.count == 1)
        #expect(compiled.policies.count == 1)
    }

    @Test("the explanation tells for every policy and rule why it does not match")
    func explanation() throws {
        let compiled = try compile(
            resource("action: DENY\nrules: [{to: [{operation: {paths: [/admin], methods: [GET]}}]}]", name: "d")
                + resource(
                    "rules: [{from: [{source: {namespaces: [x, y]}}, {source: {ipBlocks: [11.0.0.0/8]}}], "
                        + "when: [{key: 'request.headers[x-a]', notValues: [b]}, {key: 'request.auth.claims[r]', values: [z]}]}]",
                    name: "a")
                + resource("", name: "empty") + resource(any, name: "other", namespace: "bar")
                + resource("selector: {matchLabels: {a: b}}\n\(any)", name: "labels"))
        let text = AuthorizationExplainer.explain(compiled, request("/x//y/../z", headers: [("x-a", "b\u{1b}")]))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "path: '/x//y/../z' is compared as '/x//z'", "DENY foo/d:",
                "  rule 0 (policies.yaml:7:11) does not match: to[0]: paths ['/admin'] fails for '/x//z'",
                "ALLOW foo/a:",
                "  rule 0 (policies.yaml:13:11) does not match: from[0]: namespaces ['x', 'y'] fails for "
                    + "'cluster.local/ns/default/sa/sleep'; from[1]: ipBlocks ['11.0.0.0/8'] fails for 10.1.2.3; "
                    + "when: request.auth.claims[r] ['z'] fails for a request without a token",
                "ALLOW foo/empty:", "  has no rules and never matches",
                "not attached: ALLOW bar/other: it is in another namespace, and not in the root namespace",
                "not attached: ALLOW foo/labels: this workload does not have the labels of its selector",
                "decision: denied: no ALLOW rule matches",
            ], "\(text)")
    }

    @Test("the explanation says what matches, marks and shadows, and why a path is refused")
    func explanationOfMatches() throws {
        let compiled = try compile(
            resource(any, name: "a") + resource("action: AUDIT\n\(any)", name: "u")
                + resource("action: DENY\n\(any)", name: "d", annotations: "istio.io/dry-run: 'true'"))
        let text = AuthorizationExplainer.explain(compiled, request())
        for line in [
            "DENY foo/d (dry-run):", "ALLOW foo/a:", "audited by foo/u rule 0", "decision: allowed by foo/a rule 0",
            "with the dry-run policies: denied by foo/d rule 0",
        ] { #expect(text.contains(line), "\(text)") }
        #expect(AuthorizationExplainer.explain(compiled, request("/a#b")) == "decision: refused: the path holds '#'")
    }
}
