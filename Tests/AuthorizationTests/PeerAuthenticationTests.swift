import Authorization
import Testing

@Suite("PeerAuthentication")
struct PeerAuthenticationTests {
    private func peer(_ spec: String, _ name: String, namespace: String = "foo", created: String? = nil) -> String {
        let text = resource(spec, kind: "PeerAuthentication", name: name, namespace: namespace)
        return created.map { text.replacing("name: \(name),", with: "name: \(name), creationTimestamp: '\($0)',") }
            ?? text
    }

    @Test("the narrower level wins where it states a mode; nothing at all is permissive")
    func levels() throws {
        let mesh = peer("mtls: {mode: STRICT}", "mesh", namespace: "istio-system")
        let unset = peer("mtls: {mode: UNSET}", "ns")
        let namespace = peer("mtls: {mode: DISABLE}", "ns2")
        let workload = peer("selector: {matchLabels: {app: httpbin}}\nmtls: {mode: PERMISSIVE}", "wl")
        let other = peer("selector: {matchLabels: {app: other}}\nmtls: {mode: STRICT}", "other")
        #expect(try compile(other).mutualTLSMode(port: 1) == .permissive)
        #expect(try compile(mesh).mutualTLSMode(port: 1) == .strict)
        #expect(try compile(mesh + unset).mutualTLSMode(port: 1) == .strict)
        #expect(try compile(mesh + namespace + other).mutualTLSMode(port: 1) == .disable)
        #expect(try compile(workload + namespace + mesh).mutualTLSMode(port: 1) == .permissive)
    }

    @Test("a port's own mode wins for that port, and only from the workload's resource")
    func ports() throws {
        let text = peer(
            """
            selector: {matchLabels: {app: httpbin}}
            mtls: {mode: STRICT}
            portLevelMtls:
              8080: {mode: DISABLE}
              "8081": {mode: UNSET}
              8082: {}
            """, "wl")
        let compiled = try compile(text)
        #expect(compiled.mutualTLSMode(port: 8_080) == .disable)
        #expect(compiled.mutualTLSMode(port: 8_081) == .strict)
        #expect(compiled.mutualTLSMode(port: 8_082) == .strict)
        #expect(compiled.mutualTLSMode(port: 8_083) == .strict)
    }

    @Test("the oldest of two at one level counts, whatever their order; names decide between equally old ones")
    func oldest() throws {
        let old = peer("mtls: {mode: DISABLE}", "z", created: "2024-01-01T00:00:00Z")
        let new = peer("mtls: {mode: STRICT}", "a", created: "2024-01-01T00:00:01Z")
        #expect(try compile(old + new).mutualTLSMode(port: 1) == .disable)
        #expect(try compile(new + old).mutualTLSMode(port: 1) == .disable)
        let first = peer("mtls: {mode: STRICT}", "a")
        let second = peer("mtls: {mode: DISABLE}", "b")
        #expect(try compile(second + first).mutualTLSMode(port: 1) == .strict)
    }

    @Test("a selector in the root namespace reaches nothing")
    func rootSelector() throws {
        let text = peer("selector: {matchLabels: {app: httpbin}}\nmtls: {mode: STRICT}", "x", namespace: "istio-system")
        #expect(try compile(text).mutualTLSMode(port: 1) == .permissive)
    }

    @Test(
        "what Istio would not admit is refused",
        arguments: [
            ("mtls: {mode: strict}", "did you mean 'STRICT'?"), ("mtls: {mdoe: STRICT}", "unknown key 'mdoe'"),
            ("mtls: ~", "has no value"),
            ("mtls: {mode: ~}", "has no value"), ("mtls: STRICT", "must be a mapping"),
            ("portLevelMtls: {80: {mode: STRICT}}", "needs a selector"),
            ("selector: {matchLabels: {}}\nportLevelMtls: {80: {mode: STRICT}}", "needs a selector"),
            ("selector: {matchLabels: {a: b}}\nportLevelMtls: {0: {mode: STRICT}}", "must be a port"),
            ("selector: {matchLabels: {a: b}}\nportLevelMtls: {http: {mode: STRICT}}", "must be a port"),
            ("selector: {matchLabels: {a: b}}\nportLevelMtls: {0x50: {mode: STRICT}}", "must be a port"),
            ("targetRefs: []", "unknown key 'targetRefs'"),
        ])
    func refused(spec: String, reason: String) {
        let (documents, findings) = load(peer(spec, "p"))
        #expect(documents == nil)
        #expect(findings.contains { $0.contains(reason) }, "\(findings)")
    }
}
