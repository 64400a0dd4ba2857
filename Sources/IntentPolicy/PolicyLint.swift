import Documents

/// Warns of rules that do not do what their author probably meant.
enum PolicyLint {
    static func check(_ document: PolicyDocument, into diagnostics: Diagnostics) {
        guard document.dialect == .glob else { return }
        if document.defaultAction == nil {
            diagnostics.warning("no default is stated: what no rule matches is denied", at: document.rules.first?.location)
        }
        let ordered = document.rules.enumerated()
            .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }.map(\.element)
        for (place, rule) in ordered.enumerated() {
            checkRule(rule, diagnostics)
            guard rule.mode == .enforce else { continue }
            if let earlier = ordered[..<place].first(where: { $0.mode == .enforce && covers($0, rule) }) {
                let limits = rule.action == .allow && rule.ratePerMinute != nil && earlier.action == .allow
                    && document.rateLimits == .all
                guard !limits else { continue }
                diagnostics.warning(
                    "rule '\(rule.id)' is never reached: '\(earlier.id)' matches everything that it matches",
                    at: rule.location)
            }
        }
        if !document.rules.isEmpty, document.rules.allSatisfy({ $0.mode == .shadow }) {
            diagnostics.warning("every rule is in shadow mode: the default decides alone", at: document.rules[0].location)
        }
    }

    private static func checkRule(_ rule: PolicyRule, _ diagnostics: Diagnostics) {
        for (name, list) in [("intents", rule.intents), ("agents", rule.agents), ("tenants", rule.tenants)]
        where list?.isEmpty == true {
            diagnostics.warning("rule '\(rule.id)': \(name): [] means any; leave it out", at: rule.location)
        }
        if rule.action == .deny, let roles = rule.roles, !roles.isEmpty, !roles.contains("*") {
            diagnostics.warning(
                "rule '\(rule.id)' denies only the roles \(roles.joined(separator: ", ")): a caller with another role, or with "
                    + "none, passes it", at: rule.location)
        }
        if rule.action == .deny, rule.ratePerMinute != nil {
            diagnostics.warning("rule '\(rule.id)' denies: its rate limit has no effect", at: rule.location)
        }
        if rule.action == .allow, rule.ratePerMinute != nil, rule.keyTemplate?.isConstant ?? true {
            diagnostics.warning("rule '\(rule.id)': all callers share one bucket; name one in rate_limit_key_template",
                at: rule.location)
        }
        if rule.ratePerMinute == 0 {
            diagnostics.warning("rule '\(rule.id)': a rate of 0 refuses every request", at: rule.location)
        }
    }

    /// Whether everything that `rule` matches is matched by `earlier` too; errs on the side of no.
    private static func covers(_ earlier: PolicyRule, _ rule: PolicyRule) -> Bool {
        guard earlier.payload.isEmpty else { return false }
        return coversRoles(earlier.roles, rule.roles) && coversNames(earlier.intents, rule.intents)
            && coversNames(earlier.agents, rule.agents) && coversNames(earlier.tenants, rule.tenants)
    }

    private static func coversNames(_ wide: [String]?, _ narrow: [String]?) -> Bool {
        guard let wide, !wide.isEmpty, !wide.contains("*") else { return true }
        guard let narrow, !narrow.isEmpty else { return false }
        let patterns = wide.map { NamePattern($0, isGlob: true) }
        return narrow.allSatisfy { name in
            wide.contains(name) || !name.contains("*") && patterns.contains { $0.matches(name) }
        }
    }

    private static func coversRoles(_ wide: [String]?, _ narrow: [String]?) -> Bool {
        guard let wide else { return true }
        guard !wide.isEmpty else { return narrow?.isEmpty == true }
        if wide.contains("*") { return true }
        guard let narrow, !narrow.isEmpty else { return false }
        return coversNames(wide, narrow)
    }
}
