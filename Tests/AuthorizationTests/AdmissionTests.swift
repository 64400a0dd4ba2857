import Authorization
import Testing

@Suite("Admission of policies")
struct AdmissionTests {
    @Test(
        "a policy that Istio would not admit is refused with its place",
        arguments: [
            ("rulez: []", "unknown key 'rulez'; did you mean 'rules'?"),
            ("rules: [{form: []}]", "unknown key 'form'; did you mean 'from'?"),
            ("rules: [{from: [{source: {principal: [a]}}]}]", "unknown key 'principal'; did you mean 'principals'?"),
            ("rules: [{to: [{operation: {path: [/a]}}]}]", "unknown key 'path'; did you mean 'paths'?"),
            ("rules: [{to: [{operation: {principals: [a]}}]}]", "unknown key 'principals'"),
            ("selector: {matchLabels: {a: b}, matchExpressions: []}", "unknown key 'matchExpressions'"),
            ("rules: [~]", "spec.rules[0] must not be null"),
            ("rules: [{from: []}]", "spec.rules[0].from must not be empty"),
            ("rules: [{from: ~}]", "spec.rules[0].from has no value"),
            ("rules: [{to: []}]", "spec.rules[0].to must not be empty"),
            ("rules: [{to: ~}]", "spec.rules[0].to has no value"),
            ("rules: [{when: ~}]", "spec.rules[0].when has no value"),
            ("rules: ~", "spec.rules has no value"),
            ("rules: [{from: [{}]}]", "spec.rules[0].from[0].source is required"),
            ("rules: [{from: [~]}]", "spec.rules[0].from[0] must not be null"),
            ("rules: [{from: [{source: ~}]}]", "source has no value"),
            ("rules: [{from: [{source: {}}]}]", "must state at least one field"),
            ("rules: [{from: [{source: {principals: []}}]}]", "must state at least one field"),
            ("rules: [{from: [{source: {principals: ~, namespaces: [a]}}]}]", "principals has no value"),
            ("rules: [{from: [{source: {principals: ['']}}]}]", "holds a value that is empty"),
            ("rules: [{from: [{source: {principals: a}}]}]", "must be a list"),
            ("rules: [{to: [{operation: {}}]}]", "must state at least one field"),
            ("rules: [{to: [{operation: {ports: [80]}}]}]", "must be a string, found the integer 80"),
            ("rules: [{to: [{operation: {ports: ['65536']}}]}]", "is no port"),
            ("rules: [{to: [{operation: {ports: ['8*']}}]}]", "is no port"),
            ("rules: [{to: [{operation: {notPorts: ['']}}]}]", "empty"),
            ("rules: [{from: [{source: {ipBlocks: ['10.1.2']}}]}]", "is neither an address nor a block"),
            ("rules: [{from: [{source: {ipBlocks: ['10.1.2.0/33']}}]}]", "is neither an address nor a block"),
            ("rules: [{from: [{source: {notRemoteIpBlocks: ['10.1.2.3/08']}}]}]", "is neither"),
            ("rules: [{from: [{source: {remoteIpBlocks: ['::1/129']}}]}]", "is neither"),
            ("rules: [{from: [{source: {serviceAccounts: ['a*']}}]}]", "may not hold '*'"),
            ("rules: [{from: [{source: {serviceAccounts: ['a/b/c']}}]}]", "<namespace>/<name>"),
            ("rules: [{from: [{source: {serviceAccounts: ['/b']}}]}]", "<namespace>/<name>"),
            (
                "rules: [{from: [{source: {serviceAccounts: [a], notNamespaces: [b]}}]}]",
                "serviceAccounts and notNamespaces"
            ),
            ("rules: [{from: [{source: {notServiceAccounts: [a], principals: [b]}}]}]", "and principals together"),
            ("rules: [{from: [{source: {trustDomains: ['a/b']}}]}]", "may not hold '/'"),
            ("rules: [{from: [{source: {trustDomains: ['*a*']}}]}]", "one '*' at most"),
            ("rules: [{to: [{operation: {paths: ['/a/{x}']}}]}]", "has a brace"),
            ("rules: [{to: [{operation: {paths: ['/a{*}/b']}}]}]", "has a brace"),
            ("rules: [{to: [{operation: {paths: ['/{*}\u{301}/b']}}]}]", "has a brace"),
            ("rules: [{to: [{operation: {paths: ['/{**}/{*}']}}]}]", "must be the last one"),
            ("rules: [{to: [{operation: {paths: ['/{**}/{**}']}}]}]", "must be the last one"),
            ("rules: [{to: [{operation: {paths: ['/a//{*}']}}]}]", "empty segment"),
            ("rules: [{to: [{operation: {paths: ['/a*/{*}']}}]}]", "no segment may hold"),
            ("rules: [{to: [{operation: {notPaths: ['a/{*}']}}]}]", "must begin with '/'"),
            ("rules: [{when: [{values: [a]}]}]", "key is required"),
            ("rules: [{when: [{key: source.ip}]}]", "needs values or notValues"),
            ("rules: [{when: [{key: source.ip, values: []}]}]", "needs values or notValues"),
            ("rules: [{when: [{key: source.ip, values: [x]}]}]", "is neither an address"),
            ("rules: [{when: [{key: destination.port, notValues: [x]}]}]", "is no port"),
            ("rules: [{when: [{key: source.serviceaccount, values: [x]}]}]", "did you mean 'source.serviceAccount'?"),
            ("rules: [{when: [{key: destination.labels, values: [x]}]}]", "unknown key"),
            ("rules: [{when: [{key: request.headers, values: [x]}]}]", "write request.headers[name]"),
            ("rules: [{when: [{key: 'request.headers[]', values: [x]}]}]", "write request.headers[name]"),
            ("rules: [{when: [{key: 'request.headers[:path]', values: [x]}]}]", "is no header's name"),
            ("rules: [{when: [{key: 'request.auth.claims[]', values: [x]}]}]", "write request.auth.claims[name]"),
            ("rules: [{when: [{key: 'request.auth.claims', values: [x]}]}]", "write request.auth.claims[name]"),
            ("rules: [{when: [{key: 'experimental.envoy.filters.a[b]', values: [x]}]}]", "does not exist here"),
            ("action: DENY", "a DENY policy needs rules"),
            ("action: DENY\nrules: []", "a DENY policy needs rules"),
            ("action: Deny\nrules: [{}]", "did you mean 'DENY'?"),
            ("action: ~", "action has no value"),
            ("action: CUSTOM\nprovider: {name: x}", "a CUSTOM policy needs rules"),
            ("action: CUSTOM\nrules: [{}]", "needs provider.name"),
            ("action: CUSTOM\nprovider: {name: ''}\nrules: [{}]", "must not be empty"),
            ("action: DENY\nprovider: {name: x}\nrules: [{}]", "for CUSTOM policies alone"),
            (
                "action: CUSTOM\nprovider: {name: x}\nrules: [{from: [{source: {notNamespaces: [a]}}]}]",
                "a CUSTOM policy may not use notNamespaces"
            ),
            (
                "action: CUSTOM\nprovider: {name: x}\nrules: [{when: [{key: request.auth.presenter, values: [a]}]}]",
                "a CUSTOM policy may not use request.auth.presenter"
            ),
            ("selector: {matchLabels: {app: a*}}", "are literal"),
            ("selector: {matchLabels: {'': a}}", "are literal"),
            ("selector: {matchLabels: {app: ~}}", "has no value"),
            ("selector: {matchLabels: ~}", "has no value"),
            ("selector: ~", "selector has no value"),
            ("selector: {matchLabels: {app: 1}}", "must be a string"),
            ("selector: {matchLabels: {app: \(String(repeating: "a", count: 64))}}", "at most 63"),
            (
                "selector: {matchLabels: {a: b}}\ntargetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: g}]",
                "targetRefs may not stand beside selector"
            ),
            ("targetRefs: [{kind: Gateway, name: g}]", "must be gateway.networking.k8s.io"),
            ("targetRefs: [{kind: Pod, name: g}]", "must be one of Gateway"),
            ("targetRef: {kind: Service, name: ''}", "must not be empty"),
            ("targetRef: {kind: Service, name: s, namespace: other}", "may not be set"),
        ])
    func refused(spec: String, reason: String) {
        let (documents, findings) = load(resource(spec))
        #expect(documents == nil)
        #expect(
            findings.contains { $0.contains(reason) && $0.hasPrefix("policies.yaml:") && $0.contains(": error: ") },
            "\(findings)")
    }

    @Test("more rules, sources, targets or service accounts than allowed are refused")
    func sizes() {
        func list(_ entry: String, _ count: Int) -> String {
            "[\(Array(repeating: entry, count: count).joined(separator: ", "))]"
        }
        #expect(load(resource("rules: \(list("{}", 512))")).documents != nil)
        #expect(load(resource("rules: \(list("{}", 513))")).documents == nil)
        let source = "{source: {namespaces: [a]}}"
        #expect(load(resource("rules: [{from: \(list(source, 512))}]")).documents != nil)
        #expect(load(resource("rules: [{from: \(list(source, 513))}]")).documents == nil)
        let target = "{kind: Service, name: s}"
        #expect(load(resource("targetRefs: \(list(target, 16))")).documents != nil)
        #expect(load(resource("targetRefs: \(list(target, 17))")).documents == nil)
        #expect(load(resource("rules: [{from: [{source: {serviceAccounts: \(list("a", 16))}}]}]")).documents != nil)
        #expect(load(resource("rules: [{from: [{source: {serviceAccounts: \(list("a", 17))}}]}]")).documents == nil)
        let long = String(repeating: "a", count: 321)
        #expect(load(resource("rules: [{from: [{source: {serviceAccounts: [\(long)]}}]}]")).documents == nil)
    }

    @Test(
        "a resource without what every resource needs is refused",
        arguments: [
            ("kind: AuthorizationPolicy", "apiVersion is required"),
            ("apiVersion: security.istio.io/v1", "kind is required"),
            ("{apiVersion: security.istio.io/v1, kind: AuthorisationPolicy}", "did you mean 'AuthorizationPolicy'?"),
            ("{apiVersion: v2, kind: AuthorizationPolicy, metadata: {name: a}}", "apiVersion must be"),
            ("{apiVersion: security.istio.io/v1, kind: PeerAuthentication}", "metadata is required"),
            ("{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {}}", "metadata.name is required"),
            (
                "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: \"a\\nb\"}}",
                "metadata.name must be 1 to 253 characters"
            ),
            (
                "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: a, nmespace: b}}",
                "unknown key 'nmespace'; did you mean 'namespace'?"
            ),
            (
                "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: a}, sepc: {}}",
                "unknown key 'sepc'"
            ),
            (
                "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: a, creationTimestamp: now}}",
                "must look like 2024-01-01T00:00:00Z"
            ),
            (
                "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: a, annotations: {x: true}}}",
                "must be a string"
            ),
            ("- a", "must be a mapping"), ("a: [", "not valid YAML"),
        ])
    func header(text: String, reason: String) {
        let (documents, findings) = load(text)
        #expect(documents == nil)
        #expect(findings.contains { $0.contains(reason) }, "\(findings)")
    }

    @Test("one file holds many documents; places count from its first line; one fault refuses all")
    func documents() throws {
        let good = resource("rules: [{}]", name: "a") + "---\n" + resource("rules: [{}]", name: "b")
        let loaded = load(good)
        #expect(loaded.documents?.policies.map(\.metadata.fullName) == ["foo/a", "foo/b"])
        let (documents, findings) = load(good + resource("rulez: []", name: "c"))
        #expect(documents == nil)
        let line = good.split(separator: "\n", omittingEmptySubsequences: false).count + 5
        #expect(findings.first?.hasPrefix("policies.yaml:\(line):3: error: unknown key 'rulez'") == true, "\(findings)")
    }

    @Test("both versions, JSON, lists of kubectl and the cluster's own fields are read")
    func forms() {
        let old = resource("rules: [{}]").replacing("io/v1", with: "io/v1beta1")
        #expect(load(old).documents?.policies.count == 1)
        let json = """
            {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [{
              "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
              "metadata": {"name": "a", "namespace": "foo", "uid": "1", "generation": 3, "managedFields": [],
                "creationTimestamp": "2024-01-01T00:00:00Z", "labels": {"x": "y"}, "annotations": {"z": "w"}},
              "spec": {"rules": [{}]}, "status": {"conditions": []}}]}
            """
        #expect(load(json, file: "a.json").documents?.policies.count == 1)
    }

    @Test("a resource without a namespace belongs to the gateway's, or is refused")
    func namespaces() {
        let text = resource("rules: [{}]").replacing(", namespace: foo", with: "")
        #expect(load(text).documents?.policies.first?.metadata.namespace == "foo")
        let (documents, findings) = load(text, defaultNamespace: nil)
        #expect(documents == nil)
        #expect(findings.contains { $0.contains("metadata.namespace is required") }, "\(findings)")
    }

    @Test("two resources of one kind and name are refused, for which one counts would depend on the order of files")
    func duplicates() {
        let (documents, findings) = load(resource("rules: [{}]") + resource(""))
        #expect(documents == nil)
        #expect(
            findings.contains { $0.contains("AuthorizationPolicy foo/p is given twice; first at policies.yaml:2:1") })
        #expect(load(resource("") + resource("", namespace: "bar")).documents != nil)
        #expect(load(resource("") + resource("", kind: "PeerAuthentication")).documents != nil)
    }

    @Test(
        "what is valid and probably not meant is warned of",
        arguments: [
            ("action: CUSTOM\nprovider: {name: x}\nrules: [{}]", "whatever it matches is denied"),
            ("rules: [{from: [{source: {principals: ['spiffe://a/ns/b/sa/c']}}]}]", "without spiffe://"),
            ("rules: [{from: [{source: {notPrincipals: [a]}}]}]", "also admits peers without any"),
            ("rules: [{from: [{source: {principals: [], namespaces: [a]}}]}]", "constrains nothing"),
            ("rules: [{from: [{source: {requestPrincipals: ['https://acc*']}}]}]", "cut at its last '/'"),
            ("rules: [{to: [{operation: {notHosts: [a.example]}}]}]", "got round with a port"),
            ("rules: [{to: [{operation: {methods: [get]}}]}]", "letter case"),
            ("rules: [{to: [{operation: {paths: [api]}}]}]", "begins with '/'"),
            ("rules: [{to: [{operation: {paths: ['/a?b=c']}}]}]", "query is no part"),
        ])
    func warnings(spec: String, warning: String) {
        let (documents, findings) = load(resource(spec))
        #expect(documents != nil)
        #expect(findings.contains { $0.contains(warning) && $0.contains(": warning: ") }, "\(findings)")
    }

    @Test("the policy of the production guide is taken as it stands there, without a finding")
    func guide() throws {
        let text = """
            apiVersion: security.istio.io/v1beta1
            kind: AuthorizationPolicy
            metadata:
              name: intentusnet-policy
            spec:
              selector:
                matchLabels:
                  app: intentusnet
              rules:
              - from:
                - source:
                    principals: ["cluster.local/ns/default/sa/api-gateway"]
                to:
                - operation:
                    methods: ["POST"]
                    paths: ["/api/v1/intent"]
            """
        #expect(load(text).findings == [])
        let compiled = try compile(text, workload: Workload(namespace: "foo", labels: ["app": "intentusnet"]))
        let gateway = "cluster.local/ns/default/sa/api-gateway"
        let admitted = compiled.evaluate(request("/api/v1/intent", method: "POST", principal: gateway))
        #expect(admitted.reason.description == "allowed by foo/intentusnet-policy rule 0")
        #expect(!compiled.evaluate(request("/api/v1/intent", method: "POST")).isAllowed)
        #expect(!compiled.evaluate(request("/api/v1/intent", method: "POST", principal: nil)).isAllowed)
        #expect(!compiled.evaluate(request("/api/v1/intent", principal: gateway)).isAllowed)
        #expect(!compiled.evaluate(request("/api/v1/intents", method: "POST", principal: gateway)).isAllowed)
    }
}
