import Documents

/// Reads the exact dialect as the Python engine reads it, with a warning at every quirk that a reader would not expect.
enum ExactPolicyReader {
    static func read(_ node: DocumentNode, firstRule: Int, _ diagnostics: Diagnostics) -> PolicyDocument {
        var document = PolicyDocument()
        document.dialect = .exact
        document.rateLimits = .first
        guard node.mapping != nil || node.isNull else {
            diagnostics.error("the document must be a mapping, found \(node.summary)", at: node.location)
            return document
        }
        let text = node["default"]?.scalar?.text ?? ""
        switch text.lowercased() {
        case "", "allow": document.defaultAction = .allow
        case "deny": document.defaultAction = .deny
        default:
            document.defaultAction = .deny
            diagnostics.warning("the exact dialect reads any other default as deny", at: node["default"]?.location)
        }
        if text.isEmpty {
            diagnostics.warning("the exact dialect allows by default; state 'default: deny'", at: node.location)
        }
        if let ignored = node["default_action"] {
            diagnostics.warning("the exact dialect ignores default_action; the key is 'default'", at: ignored.location)
        }
        for (place, rule) in (node["rules"]?.sequence ?? []).enumerated() {
            document.rules.append(self.rule(rule, number: firstRule + place, diagnostics))
        }
        return document
    }

    private static func rule(_ node: DocumentNode, number: Int, _ diagnostics: Diagnostics) -> PolicyRule {
        let word = node["action"]?.scalar?.text ?? ""
        let action = PolicyAction(rawValue: word.lowercased())
        if action == nil {
            diagnostics.warning("the exact dialect reads an unknown action as deny", at: node["action"]?.location ?? node.location)
        }
        var rule = PolicyRule(id: node["id"]?.scalar?.text ?? "rule-\(number)", action: action ?? .deny)
        rule.location = node.location
        rule.intents = names(node["intents"], diagnostics)
        rule.agents = names(node["agents"], diagnostics)
        rule.roles = names(node["roles"], diagnostics)
        rule.tenants = names(node["tenants"], diagnostics)
        rule.ratePerMinute = node["rate_limit_per_minute"]?.scalar?.integer
        rule.maxTimeoutMilliseconds = node["max_timeout_ms"]?.scalar?.integer
        if let ignored = node["priority"], ignored.scalar?.text != "0" {
            diagnostics.warning("the exact dialect ignores priority; rules are tried in their order", at: ignored.location)
        }
        rule.payload = (node["payload_regex"]?.mapping ?? []).compactMap { member in
            RuleReader.compile(member.value.scalar?.text ?? "", path: member.key, at: member.value.location, diagnostics)
        }
        template(node, &rule, diagnostics)
        return rule
    }

    private static func template(_ node: DocumentNode, _ rule: inout PolicyRule, _ diagnostics: Diagnostics) {
        guard let text = node["rate_limit_key_template"]?.scalar?.text, !text.isEmpty else { return }
        do throws(KeyTemplate.Fault) {
            rule.keyTemplate = try KeyTemplate(text, allowsSource: false)
        } catch {
            // The Python engine raises when such a rule matches; a policy that can only fail is refused here.
            diagnostics.error("rate_limit_key_template: \(error.message)", at: node["rate_limit_key_template"]?.location)
        }
    }

    /// A list of names; a bare string falls apart into its characters, as `set("Get")` does.
    private static func names(_ node: DocumentNode?, _ diagnostics: Diagnostics) -> [String]? {
        guard let node, !node.isNull else { return nil }
        if let items = node.sequence { return items.map { $0.scalar?.text ?? "" } }
        guard let text = node.scalar?.text else { return nil }
        diagnostics.warning("the exact dialect reads a bare string as a list of its characters", at: node.location)
        return text.unicodeScalars.map { String($0) }
    }
}
