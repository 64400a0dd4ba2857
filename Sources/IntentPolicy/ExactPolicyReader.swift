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
        for member in node.mapping ?? [] where !knownKeys.contains(member.key) {
            diagnostics.warning(
                "the exact dialect ignores unknown keys such as \(MessageText.quoted(member.key))",
                at: member.keyLocation)
        }
        let text = scalar(node["default"], "default", diagnostics) ?? ""
        switch text.lowercased() {
        // Absent counts as allow, but does not contradict another file that states one.
        case "": document.defaultAction = nil
        case "allow": document.defaultAction = .allow
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
        if let rules = node["rules"], !rules.isNull, rules.sequence == nil {
            diagnostics.error("rules must be a list, found \(rules.summary)", at: rules.location)
        }
        for (place, rule) in (node["rules"]?.sequence ?? []).enumerated() {
            guard rule.mapping != nil else {
                diagnostics.error("rules[\(place)] must be a mapping, found \(rule.summary)", at: rule.location)
                continue
            }
            document.rules.append(self.rule(rule, number: firstRule + place, diagnostics))
        }
        return document
    }

    private static let knownKeys = ["default", "default_action", "rules", "version", "dialect"]
    private static let knownRuleKeys = [
        "id", "action", "priority", "intents", "agents", "roles", "tenants", "payload_regex", "rate_limit_per_minute",
        "rate_limit_key_template", "max_timeout_ms",
    ]

    private static let refusedRuleKeys = [
        "mode", "rate_limit_burst", "rate_limit_cost", "rate_limit_settle", "principals", "identity_sources",
    ]

    /// The text of a scalar; nil when absent or null. Anything else would make the Python engine raise, so it is an error:
    /// to drop it would open the policy.
    private static func scalar(_ node: DocumentNode?, _ name: String, _ diagnostics: Diagnostics) -> String? {
        guard let node, !node.isNull else { return nil }
        if let scalar = node.scalar { return scalar.text }
        diagnostics.error("\(name) must be a single value, found \(node.summary)", at: node.location)
        return nil
    }

    private static func integer(_ node: DocumentNode?, _ name: String, _ diagnostics: Diagnostics) -> Int? {
        guard let node, !node.isNull else { return nil }
        if let number = node.scalar?.integer { return number }
        diagnostics.error("\(name) must be an integer, found \(node.summary)", at: node.location)
        return nil
    }

    private static func payload(
        _ node: DocumentNode?, _ diagnostics: Diagnostics
    ) -> [(path: String, regex: PayloadRegex)] {
        guard let node, !node.isNull else { return [] }
        guard let members = node.mapping else {
            diagnostics.error(
                "payload_regex must map payload paths to regexes, found \(node.summary)", at: node.location)
            return []
        }
        return members.compactMap { member in
            guard let pattern = member.value.string else {
                diagnostics.error(
                    "payload_regex.\(MessageText.shortened(member.key)) must be a regex, found \(member.value.summary)",
                    at: member.value.location)
                return nil
            }
            return RuleReader.compile(pattern, path: member.key, at: member.value.location, diagnostics)
        }
    }

    private static func rule(_ node: DocumentNode, number: Int, _ diagnostics: Diagnostics) -> PolicyRule {
        for member in node.mapping ?? [] where !knownRuleKeys.contains(member.key) {
            // A rule in shadow mode, with a burst or a cost, or for some services would be enforced without: no quirk but a mistake.
            guard !refusedRuleKeys.contains(member.key) else {
                diagnostics.error("the exact dialect does not know \(member.key)", at: member.keyLocation)
                continue
            }
            diagnostics.warning(
                "the exact dialect ignores unknown keys such as \(MessageText.quoted(member.key))",
                at: member.keyLocation)
        }
        let word = node["action"]?.scalar?.text ?? ""
        let action = PolicyAction(rawValue: word.lowercased())
        if action == nil {
            diagnostics.warning(
                "the exact dialect reads an unknown action as deny", at: node["action"]?.location ?? node.location)
        }
        var rule = PolicyRule(id: node["id"]?.scalar?.text ?? "rule-\(number)", action: action ?? .deny)
        rule.location = node.location
        rule.intents = names(node["intents"], diagnostics)
        rule.agents = names(node["agents"], diagnostics)
        rule.roles = names(node["roles"], diagnostics)
        rule.tenants = names(node["tenants"], diagnostics)
        rule.ratePerMinute = integer(node["rate_limit_per_minute"], "rate_limit_per_minute", diagnostics)
        rule.maxTimeoutMilliseconds = integer(node["max_timeout_ms"], "max_timeout_ms", diagnostics)
        if let ignored = node["priority"], ignored.scalar?.text != "0" {
            diagnostics.warning(
                "the exact dialect ignores priority; rules are tried in their order", at: ignored.location)
        }
        rule.payload = payload(node["payload_regex"], diagnostics)
        template(node, &rule, diagnostics)
        return rule
    }

    private static func template(_ node: DocumentNode, _ rule: inout PolicyRule, _ diagnostics: Diagnostics) {
        guard let text = scalar(node["rate_limit_key_template"], "rate_limit_key_template", diagnostics), !text.isEmpty
        else {
            return
        }
        do throws(KeyTemplate.Fault) {
            rule.keyTemplate = try KeyTemplate(text, isExact: true)
        } catch {
            // The Python engine raises when such a rule matches; a policy that can only fail is refused here.
            diagnostics.error(
                "rate_limit_key_template: \(error.message)", at: node["rate_limit_key_template"]?.location)
        }
    }

    /// A list of names; a bare string falls apart into its characters, as `set("Get")` does.
    private static func names(_ node: DocumentNode?, _ diagnostics: Diagnostics) -> [String]? {
        guard let node, !node.isNull else { return nil }
        if let items = node.sequence {
            return items.compactMap { item in
                if let text = item.string { return text }
                diagnostics.error("a name must be a string, found \(item.summary)", at: item.location)
                return nil
            }
        }
        guard let text = node.scalar?.text else {
            diagnostics.error("names must be a list of strings, found \(node.summary)", at: node.location)
            return nil
        }
        diagnostics.warning("the exact dialect reads a bare string as a list of its characters", at: node.location)
        return text.unicodeScalars.map { String($0) }
    }
}
