package import Documents

/// One decision case.
package struct AuthorizationCase: Sendable {
    private enum Verdict: String, CaseIterable {
        case allow
        case deny
    }

    /// Its name.
    package let name: String
    /// How sure the expectation is: `documented`, `implementation`.
    package let tier: String
    /// The policies as texts.
    package let policies: [String]
    package let mesh: MeshSettings
    package let workload: Workload
    package let request: AuthorizationRequest
    /// Whether the request may pass.
    package let isAllowed: Bool

    /// Reads a case; nil when it is of no use, and then an error was noted.
    package static func read(_ node: DocumentNode, path: String, into diagnostics: Diagnostics) -> AuthorizationCase? {
        var fields = FieldReader(node, path: path, into: diagnostics)
        let name = fields.requiredString("name")
        let tier = fields.string("tier") ?? "documented"
        for key in ["area", "rule", "why"] { _ = fields.node(key) }
        let policies = fields.strings("policies") ?? []
        let mesh = fields.child("mesh").map { Self.mesh($0) } ?? MeshSettings()
        let workload = fields.child("workload").flatMap { Self.workload($0) }
        fields.reportMissing("workload")
        let request = fields.child("request").flatMap { RequestReader.read($0) }
        fields.reportMissing("request")
        let verdict = fields.enumeration("expect", as: Verdict.self)
        fields.reportMissing("expect")
        fields.finish()
        guard let name, let workload, let request, let verdict else { return nil }
        return AuthorizationCase(
            name: name, tier: tier, policies: policies, mesh: mesh, workload: workload, request: request,
            isAllowed: verdict == .allow)
    }

    private static func mesh(_ fields: FieldReader) -> MeshSettings {
        var fields = fields
        var mesh = MeshSettings()
        mesh.trustDomain = fields.string("trustDomain") ?? mesh.trustDomain
        mesh.trustDomainAliases = fields.strings("trustDomainAliases") ?? []
        mesh.rootNamespace = fields.string("rootNamespace") ?? mesh.rootNamespace
        mesh.pathNormalization =
            fields.enumeration("pathNormalization", as: PathNormalization.self) ?? mesh.pathNormalization
        fields.finish()
        return mesh
    }

    private static func workload(_ fields: FieldReader) -> Workload? {
        var fields = fields
        let namespace = fields.requiredString("namespace")
        let labels = fields.stringMap("labels").map { ($0.key, $0.value) }
        fields.finish()
        return namespace.map { Workload(namespace: $0, labels: Dictionary(labels) { _, last in last }) }
    }

    /// What is other than expected; nil when nothing is.
    func difference() -> String? {
        let diagnostics = Diagnostics()
        let files = policies.enumerated().map { (name: "policies[\($0.offset)]", text: $0.element) }
        let documents = AuthorizationLoader.load(files, defaultNamespace: workload.namespace, into: diagnostics)
        guard let documents else {
            return "a policy was refused: \(diagnostics.errors.map(\.description).joined(separator: "; "))"
        }
        let compiled = CompiledAuthorization(documents, mesh: mesh, workload: workload)
        let expected = isAllowed ? "allow" : "deny"
        if request.principal == nil, compiled.mutualTLSMode(port: request.destinationPort) == .strict {
            return isAllowed ? "expected allow, but the connection is refused: mutual TLS is STRICT" : nil
        }
        let decision = compiled.evaluate(request)
        return decision.isAllowed == isAllowed ? nil : "expected \(expected), but \(decision.reason)"
    }
}
