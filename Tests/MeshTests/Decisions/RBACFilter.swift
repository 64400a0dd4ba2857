/// Envoy's filters as Istio lines them up: CUSTOM, then tokens, then DENY, then ALLOW.
enum RBACFilter: String, CaseIterable, Sendable {
    /// Denies what it matches: no provider can be asked here, and Istio denies where the named one is unknown.
    case custom
    case deny
    case allow

    /// nil for AUDIT, which decides nothing.
    init?(action: String) {
        switch action {
        case "CUSTOM": self = .custom
        case "DENY": self = .deny
        case "ALLOW": self = .allow
        default: return nil
        }
    }

    var name: String { "rbac-\(rawValue)" }

    /// What a route says for this filter: all rules of all policies in one, an ALLOW without rules among them.
    func configuration(_ policies: [RBACPolicy]) -> EnvoyValue {
        let rules = policies.reduce(into: [String: EnvoyValue]()) { $0.merge($1.rules) { $1 } }
        let action: EnvoyValue = self == .allow ? "ALLOW" : "DENY"
        return .typed(
            "extensions.filters.http.rbac.v3.RBACPerRoute",
            ["rbac": ["rules": ["action": action, "policies": .object(rules)]]])
    }

    /// The filter itself, which enforces nothing but what a route says.
    var filter: EnvoyValue { EnvoyParts.filter(name, .typed("extensions.filters.http.rbac.v3.RBAC")) }
}
