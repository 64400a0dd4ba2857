import Documents
import IntentPolicy
import IntentProtocol
import Testing

@Suite("policy by service identity")
struct PolicyIdentityTests {
    private static let front = "cluster.local/ns/default/sa/front"

    private func service(
        _ principal: String? = front, _ sources: IdentitySource..., intent: String = "GetX"
    ) -> PolicyRequest {
        PolicyRequest(
            subject: nil, roles: [], tenant: nil, principal: principal,
            identitySources: IdentitySources(sources.map { IdentitySources($0) }), intent: intent)
    }

    private func allowing(_ fields: String) throws -> CompiledPolicy {
        try policy("default: deny\nrules:\n  - {id: r, action: ALLOW, \(fields)}\n")
    }

    @Test(
        "principals are matched as Istio matches them",
        arguments: [
            ("cluster.local/ns/default/sa/front", true), ("cluster.local/ns/default/sa/fron", false),
            ("cluster.local/ns/default/sa/front/x", false), ("cluster.local/ns/default/sa/Front", false),
            ("cluster.local/ns/default/*", true), ("cluster.local/ns/def*", true),
            ("cluster.local/ns/default2/*", false),
            ("*/sa/front", true), ("*front", true), ("*/sa/ront", false), ("*", true), ("*/ns/default/sa/front", true),
            ("cluster.local/ns/default/sa/front*", true), ("*cluster.local/ns/default/sa/front", true),
        ])
    func patterns(pattern: String, matches: Bool) throws {
        let policy = try allowing(#"principals: ["\#(pattern)"]"#)
        #expect(policy.verdict(service(Self.front, .mtls)) == (matches ? "ALLOW r" : "DENY default"))
        #expect(policy.verdict(service(nil)) == "DENY default")
    }

    @Test("a dot is a dot (S13)")
    func dots() throws {
        let policy = try allowing("principals: [cluster.local/ns/a/sa/cert-manager.io]")
        #expect(policy.verdict(service("cluster.local/ns/a/sa/cert-manager.io", .mtls)) == "ALLOW r")
        #expect(policy.verdict(service("cluster.local/ns/a/sa/cert-manager-io", .mtls)) == "DENY default")
        #expect(policy.verdict(service("cluster-local/ns/a/sa/cert-manager.io", .mtls)) == "DENY default")
    }

    @Test("a user without a service identity matches no principal, and a rule without principals asks for none")
    func users() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: services, action: DENY, principals: ["*"]}
              - {id: users, action: ALLOW, roles: [user]}
            """)
        #expect(policy.verdict(request()) == "ALLOW users")
        #expect(policy.verdict(service(Self.front, .xfcc)) == "DENY services")
    }

    @Test(
        "a rule may ask for mtls and not take xfcc",
        arguments: [
            ("[mtls]", [IdentitySource.mtls], true), ("[mtls]", [.xfcc], false), ("[mtls, xfcc]", [.xfcc], true),
            ("[mtls]", [.mtls, .serviceAccountToken], true),
            ("[service-account-token]", [.mtls, .serviceAccountToken], true),
            ("[mtls]", [.xfcc, .serviceAccountToken], false), ("[mtls]", [], false), ("[none]", [], true),
            ("[none]", [.mtls], false), ("[none, node-signature]", [], true),
            ("[none, node-signature]", [.nodeSignature], true),
            ("[none, node-signature]", [.mtls], false),
        ])
    func sources(asked: String, stated: [IdentitySource], matches: Bool) throws {
        let policy = try allowing("identity_sources: \(asked)")
        var request = service(stated.isEmpty ? nil : Self.front)
        request.identitySources = IdentitySources(stated.map { IdentitySources($0) })
        #expect(policy.verdict(request) == (matches ? "ALLOW r" : "DENY default"))
    }

    @Test("both conditions hold together, and with the others")
    func together() throws {
        let policy = try allowing(#"principals: ["cluster.local/*"], identity_sources: [mtls], intents: [GetX]"#)
        #expect(policy.verdict(service(Self.front, .mtls)) == "ALLOW r")
        #expect(policy.verdict(service(Self.front, .xfcc)) == "DENY default")
        #expect(policy.verdict(service("partner/ns/a/sa/b", .mtls)) == "DENY default")
        #expect(policy.verdict(service(Self.front, .mtls, intent: "GetY")) == "DENY default")
    }

    @Test(
        "what could match nobody is refused with its place and what to do",
        arguments: [
            ("principals: []", "identity_sources: [none]"),
            (#"principals: [""]"#, "must not be empty"),
            ("principals: [spiffe://cluster.local/ns/a/sa/b]", "leave it out"),
            (#"principals: ["a*b"]"#, "one star"),
            (#"principals: ["*a*"]"#, "one star"),
            (#"principals: ["**"]"#, "one star"),
            (#"principals: ["cluster.local/ns/a b/*"]"#, "no principal has"),
            (#"principals: ["(cluster|x).local/*"]"#, "no principal has"),
            ("principals: [Cluster.local/ns/a/sa/b]", "is no principal"),
            ("principals: [cluster.local/ns//sa/b]", "is no principal"),
            ("principals: cluster.local/ns/a/sa/b", "must be a list"),
            ("identity_sources: []", "leave it out"),
            ("identity_sources: [mTLS]", "must be one of mtls, xfcc"),
            ("identity_sources: [node_signature]", "did you mean"),
            ("identity_source: [mtls]", "identity_sources"),
        ])
    func refused(fields: String, remedy: String) {
        let result = load("rules:\n  - {id: rule-1, action: ALLOW, \(fields)}\ndefault: deny\n")
        #expect(!result.isTaken)
        #expect(
            result.findings.contains { $0.hasPrefix("policy.yaml:2:") && $0.contains(remedy) }, "\(result.findings)")
    }

    @Test(
        "warns of rules by service that do not do what they seem to",
        arguments: [
            ("action: DENY, principals: [cluster.local/ns/a/sa/b]", "a caller that is no service passes it"),
            (#"action: ALLOW, principals: ["cluster.local*"]"#, "services of other trust domains"),
            (#"action: ALLOW, principals: ["*/sa/front"]"#, "services of other trust domains"),
            ("action: ALLOW, principals: [td/a], identity_sources: [none]", "never matches"),
            ("action: ALLOW, principals: [td/a], identity_sources: [none, mtls]", "has no effect beside principals"),
        ])
    func warnings(fields: String, text: String) {
        let result = load("default: deny\nrules:\n  - {id: r, \(fields)}\n")
        #expect(result.isTaken)
        #expect(result.findings.contains { $0.contains(text) && $0.contains("warning") }, "\(result.findings)")
    }

    @Test("a plain rule by service has no warning")
    func quiet() {
        let text = #"{id: r, action: ALLOW, principals: ["cluster.local/*", td/a, "*"], identity_sources: [mtls]}"#
        #expect(load("default: deny\nrules:\n  - \(text)\n").findings == [])
    }

    @Test(
        "a rule is never reached behind one that takes all its services, and only then",
        arguments: [
            (#"principals: ["td/*"]"#, #"principals: ["td/ns/*", td/a]"#, true),
            (#"principals: ["*"]"#, #"principals: ["*/a"]"#, true),
            (#"principals: ["*/a"]"#, #"principals: ["*/sa/a", td/a]"#, true),
            ("intents: [A]", "intents: [A], principals: [td/a]", true),
            ("principals: [td/a]", "intents: [GetX]", false), (#"principals: ["td/*"]"#, #"principals: ["*"]"#, false),
            (#"principals: ["td/*"]"#, #"principals: ["*/a"]"#, false), (#"principals: ["*"]"#, "roles: [user]", false),
            ("identity_sources: [mtls, xfcc]", "identity_sources: [xfcc]", true),
            ("identity_sources: [mtls]", "identity_sources: [mtls, xfcc]", false),
            ("identity_sources: [mtls]", "roles: [user]", false),
        ])
    func coverage(first: String, second: String, isCovered: Bool) {
        let rules = "  - {id: first, action: ALLOW, \(first)}\n  - {id: second, action: ALLOW, \(second)}\n"
        let findings = load("default: deny\nrules:\n" + rules).findings
        #expect(findings.contains { $0.contains("'second' is never reached") } == isCovered, "\(findings)")
    }

    @Test("what the lint calls covered is covered: random patterns on random principals")
    func coverageProperty() throws {
        var random = SplitMix64(seed: 1_607)
        let parts = ["a", "b", "a/a", "a/b", "b/a/a", "a/", "/a", "/b"]
        func pattern() -> String {
            let text = parts.randomElement(using: &random) ?? "a"
            switch Int.random(in: 0..<4, using: &random) {
            case 0: return "*"
            case 1: return text + "*"
            case 2: return "*" + text
            default: return text.hasPrefix("/") || text.hasSuffix("/") ? "a/b" : text
            }
        }
        var covered = 0
        for _ in 0..<400 {
            let (first, second) = (pattern(), pattern())
            let text =
                "default: deny\nrules:\n  - {id: first, action: ALLOW, principals: ['\(first)']}\n  - {id: second, action: DENY, principals: ['\(second)']}\n"
            guard load(text).findings.contains(where: { $0.contains("'second' is never reached") }) else { continue }
            covered += 1
            let policy = try policy(text)
            for principal in ["a", "b", "a/a", "a/b", "b/a/a", "a/b/a", "aa/b", "b/b"] {
                #expect(policy.verdict(service(principal, .mtls)) != "DENY second", "\(first) \(second) \(principal)")
            }
        }
        #expect(covered > 50)
    }

    @Test(
        "the exact dialect, which knows no services, refuses the keys",
        arguments: ["principals: [td/a]", "identity_sources: [mtls]"])
    func exact(fields: String) {
        let result = load("dialect: exact\ndefault: deny\nrules:\n  - {id: r, action: allow, \(fields)}\n")
        #expect(!result.isTaken)
        #expect(result.findings.contains { $0.contains("the exact dialect does not know") })
    }

    @Test("explains which condition did not hold")
    func explained() throws {
        let policy = try policy(
            """
            default: deny
            rules:
              - {id: own, action: ALLOW, principals: [td/a]}
              - {id: sure, action: ALLOW, identity_sources: [mtls]}
              - {id: last, action: ALLOW, principals: ["cluster.local/*"]}
            """)
        let told = PolicyExplainer.explain(policy, service(Self.front, .xfcc, .serviceAccountToken), agents: [])
        #expect(told.contains("own ALLOW: principal 'cluster.local/ns/default/sa/front' is not among its principals"))
        #expect(
            told.contains("sure ALLOW: identity source [xfcc, service-account-token] is not among its identity_sources")
        )
        #expect(told.contains("=> last ALLOW: matches"))
        let nobody = PolicyExplainer.explain(policy, service(nil), agents: [])
        #expect(nobody.contains("own ALLOW: the caller is no service"))
        #expect(nobody.contains("sure ALLOW: identity source [none] is not among its identity_sources"))
    }

    @Test("decision cases may state the service and its sources")
    func cases() throws {
        let text = """
            cases:
              - id: mtls
                policy: &p {default: deny, rules: [{id: r, action: ALLOW, principals: [td/a], identity_sources: [mtls]}]}
                context: {intent: X, principal: td/a, identity_sources: [mtls]}
                expect: {allowed: true, matchedRule: r}
              - {id: xfcc, policy: *p, context: {intent: X, principal: td/a, identity_sources: xfcc}, expect: {allowed: false}}
            """
        #expect(try PolicyCaseRunner.run(try DocumentParser.yaml(text, file: "cases.yaml")).passed == 2)
        let wrong = text.replacing("identity_sources: xfcc", with: "identity_sources: tls")
        let error = #expect(throws: DiagnosticError.self) {
            try PolicyCaseRunner.run(try DocumentParser.yaml(wrong, file: "cases.yaml"))
        }
        #expect(error?.description.contains("identity_sources must be of mtls") == true)
    }

    @Test("an alias of our trust domain is an error, an unknown one a warning")
    func trustDomains() throws {
        let text = """
            default: deny
            rules:
              - {id: ours, action: DENY, principals: [own/ns/a/sa/b, "*", "*/sa/x", "partner/*"]}
              - {id: alias, action: DENY, principals: ["old/ns/a/*"]}
              - {id: other, action: ALLOW, principals: [elsewhere/a]}
            """
        let document = try #require(PolicyLoader.load([("policy.yaml", text)], into: Diagnostics()))
        let diagnostics = Diagnostics()
        PolicyTrustDomains.check(document, own: "own", aliases: ["old"], federated: ["partner"], into: diagnostics)
        let findings = diagnostics.sorted.map(\.description)
        #expect(findings.count == 2)
        #expect(diagnostics.errors.count == 1)
        #expect(findings[0].hasPrefix("policy.yaml:4:") && findings[0].contains("principals are in the name 'own'"))
        #expect(findings[1].hasPrefix("policy.yaml:5:") && findings[1].contains("it matches nobody"))
    }
}
