import Documents

/// What the NetworkPolicies of an overlay let pass between its own pods.
///
/// As Kubernetes reads them: a pod that a policy selects is closed but for what some policy opens, on both ends of a way. Peers by
/// namespace or address are for others than these pods and open nothing here.
struct Firewall {
    private let policies: [DocumentNode]
    private let pods: [String: [String: String]]

    init(_ rendered: Rendered, and more: Rendered? = nil) {
        policies = rendered.all("NetworkPolicy")
        let templates = rendered.templates + (more?.templates ?? [])
        pods = Dictionary(templates.map { ($0.name, $0.template.pairs("metadata", "labels")) }) { $1 }
    }

    var names: [String] { pods.keys.sorted() }

    /// Whether a pod of a workload may connect to a pod of another one at a TCP port.
    func passes(_ from: String, to target: String, port: Int) -> Bool {
        guard let source = pods[from], let destination = pods[target] else { return false }
        return isOpen("Egress", "egress", "to", of: source, peer: destination, port)
            && isOpen("Ingress", "ingress", "from", of: destination, peer: source, port)
    }

    private func isOpen(
        _ type: String, _ rules: String, _ peers: String, of pod: [String: String], peer: [String: String], _ port: Int
    ) -> Bool {
        let concerned = policies.filter { policy in
            policy.texts("spec", "policyTypes").contains(type)
                && Self.selects(policy.pairs("spec", "podSelector", "matchLabels"), pod)
        }
        guard !concerned.isEmpty else { return true }
        return concerned.flatMap { $0.list("spec", rules) }.contains { rule in
            let ports = rule.list("ports").filter { $0.text("protocol") == "TCP" }.compactMap { $0.integer("port") }
            return ports.contains(port)
                && rule.list(peers).contains { entry in
                    entry["namespaceSelector"] == nil && entry["ipBlock"] == nil && entry["podSelector"] != nil
                        && Self.selects(entry.pairs("podSelector", "matchLabels"), peer)
                }
        }
    }

    private static func selects(_ asked: [String: String], _ labels: [String: String]) -> Bool {
        asked.allSatisfy { labels[$0.key] == $0.value }
    }
}
