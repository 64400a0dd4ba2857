import IntentProtocol

/// Tells, rule by rule, why a policy decides as it does.
package enum PolicyExplainer {
    /// One line for each rule in the order in which they are tried, then the decision.
    package static func explain(_ policy: CompiledPolicy, _ request: PolicyRequest, agents: [String?]) -> String {
        var lines: [String] = []
        for agent in agents.isEmpty ? [nil] : agents {
            if let agent { lines.append("agent \(agent):") }
            let decision = policy.evaluate(request, agent: agent)
            for (place, rule) in policy.rules.enumerated() {
                let reason = mismatch(rule, policy, request, agent: agent) ?? "matches"
                let mark = decision.rule == place ? "=>" : "  "
                let mode = rule.mode == .shadow ? " (shadow)" : ""
                lines.append("\(mark) \(rule.id) \(rule.action.rawValue.uppercased())\(mode): \(reason)")
            }
            lines.append(conclusion(decision, policy, request, agent: agent))
        }
        return lines.joined(separator: "\n")
    }

    private static func conclusion(
        _ decision: PolicyDecision, _ policy: CompiledPolicy, _ request: PolicyRequest, agent: String?
    ) -> String {
        let verdict = decision.isAllowed ? "allowed" : "denied"
        let by = decision.rule.map { "by rule '\(policy.rules[$0].id)'" } ?? "by the default"
        var text = "\(verdict) \(by)\(decision.isFault ? " (its regex could not be evaluated within its limits)" : "")"
        for limit in decision.limits {
            let stated = policy.limits[limit]
            let key = policy.keyText(limit, request, agent: agent).map { " key '\($0)'" } ?? ""
            let cost = stated.cost > 1 ? ", cost \(stated.cost)" : ""
            text +=
                "\n   limit '\(stated.ruleId)': \(stated.ratePerMinute)/min, burst \(stated.burst)\(cost)\(stated.settles ? ", settled" : "")"
                + "\(key)\(stated.isShadow ? " (shadow)" : "")"
        }
        if let milliseconds = decision.maxTimeoutMilliseconds { text += "\n   at most \(milliseconds) ms" }
        for rule in decision.shadowRules {
            text += "\n   shadow rule '\(policy.rules[rule].id)' would have decided otherwise"
        }
        return text
    }

    /// Why a rule does not match by the service that the caller is; nil when it does.
    private static func identityMismatch(_ rule: PolicyRule, _ request: PolicyRequest) -> String? {
        if let principals = rule.principals, !principals.matches(request.principal) {
            guard let principal = request.principal else { return "the caller is no service" }
            return "principal '\(principal)' is not among its principals"
        }
        let stated = request.identitySources.sources
        if let sources = rule.identitySources, !sources.contains(where: stated.contains) {
            let names = stated.map(\.rawValue).joined(separator: ", ")
            return "identity source [\(names)] is not among its identity_sources"
        }
        return nil
    }

    /// Why a rule does not match; nil when it does.
    private static func mismatch(
        _ rule: PolicyRule, _ policy: CompiledPolicy, _ request: PolicyRequest, agent: String?
    ) -> String? {
        let isGlob = policy.document.dialect == .glob
        func differs(_ names: [String]?, _ name: String?) -> Bool {
            guard let names, !names.isEmpty else { return false }
            return !NamePatterns(names, isGlob: isGlob).matches(name)
        }
        if differs(rule.intents, request.intent) { return "intent '\(request.intent)' is not among its intents" }
        if differs(rule.agents, agent) { return "agent \(agent.map { "'\($0)'" } ?? "(none)") is not among its agents" }
        if isGlob, rule.roles?.isEmpty == true, !request.roles.isEmpty { return "the caller has roles" }
        if let roles = rule.roles, !roles.isEmpty, !NamePatterns(roles, isGlob: isGlob).matchesAny(of: request.roles) {
            return "none of the caller's roles [\(request.roles.joined(separator: ", "))] is among its roles"
        }
        if differs(rule.tenants, request.tenant) {
            return "tenant \(request.tenant.map { "'\($0)'" } ?? "(none)") is not among its tenants"
        }
        if let reason = identityMismatch(rule, request) { return reason }
        for (path, regex) in rule.payload {
            switch regex.search(PythonText.text(of: request.payloadValue(at: path))) {
            case .found: continue
            case .absent: return "payload '\(path)' does not match its regex"
            case .exceededLimit: return "payload '\(path)' could not be searched within the limits"
            }
        }
        return nil
    }
}
