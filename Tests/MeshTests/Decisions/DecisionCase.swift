import Authorization
import Documents

/// One of the shared decision cases: what our own rules say, and what a real Envoy is asked.
struct DecisionCase: Sendable {
    let name: String
    let isAllowedByUs: Bool
    let pathNormalization: String
    /// Envoy's policies by the filter that enforces them; a filter without any is not there.
    let filters: [RBACFilter: EnvoyValue]
    let request: DecisionRequest

    /// - Throws: ``Untranslated`` for what Envoy's HTTP filters cannot express.
    init(_ node: DocumentNode) throws {
        let fields = PlainNode(node: node)
        let mesh = fields["mesh"]
        let workload = fields["workload"]
        let documents = try fields["policies"].texts
            .flatMap { try DocumentParser.yamlStream($0, file: "case.yaml") }.map { PlainNode(node: $0) }
        if documents.contains(where: { $0["kind"].text == "PeerAuthentication" }) {
            throw Untranslated(reason: "PeerAuthentication is about connections")
        }
        let attached = documents.filter { $0["kind"].text == "AuthorizationPolicy" }
            .filter { Self.reaches($0, workload, rootNamespace: mesh["rootNamespace"].text) }
        let names = TrustDomainNames(mesh)
        let policies = try attached.filter { !Self.isDryRun($0) }.map {
            try RBACPolicy($0, namespace: $0["metadata"]["namespace"].text, names: names)
        }
        let byFilter = Dictionary(grouping: policies) { RBACFilter(action: $0.action) }
        name = fields["name"].text
        pathNormalization = mesh["pathNormalization"].text
        filters = Dictionary(
            uniqueKeysWithValues: byFilter.compactMap { filter, policies in
                filter.map { ($0, $0.configuration(policies)) }
            })
        request = DecisionRequest(fields["request"], name: name)
        isAllowedByUs = try Self.ourDecision(node)
    }

    /// By the runner of `policy test`, which tells whether a decision is the expected one.
    private static func ourDecision(_ node: DocumentNode) throws -> Bool {
        let report = try AuthorizationCaseRunner.run(DocumentNode(.sequence([node]), at: node.location))
        return (node["expect"]?.string == "allow") == report.failures.isEmpty
    }

    private static func isDryRun(_ policy: PlainNode) -> Bool {
        ["1", "t", "T", "TRUE", "true", "True"].contains(policy["metadata"]["annotations"]["istio.io/dry-run"].text)
    }

    private static func reaches(_ policy: PlainNode, _ workload: PlainNode, rootNamespace: String) -> Bool {
        let home = policy["metadata"]["namespace"].text
        guard home == rootNamespace || home == workload["namespace"].text else { return false }
        let labels = workload["labels"]
        let references = policy["spec"]["targetRefs"].list
        let gateway = labels["gateway.networking.k8s.io/gateway-name"]
        if !references.isEmpty {
            return !gateway.isAbsent && home == workload["namespace"].text
                && references.contains { $0["kind"].text == "Gateway" && $0["name"].text == gateway.text }
        }
        return policy["spec"]["selector"]["matchLabels"].members.allSatisfy { key, value in
            !labels[key].isAbsent && labels[key].text == value.text
        }
    }
}
