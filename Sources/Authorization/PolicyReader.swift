import Documents

/// Reads the `spec` of an AuthorizationPolicy.
enum PolicyReader {
    static func read(_ spec: inout FieldReader, _ metadata: ReadMetadata?) -> AuthorizationPolicy? {
        let attachment = AttachmentReader.read(&spec)
        spec.refuseNull("action")
        let stated = spec.enumeration("action", as: AuthorizationAction.self)
        let action = stated ?? .allow
        let provider = provider(&spec, action, isStated: stated != nil || !spec.has("action"))
        let entries = spec.boundedEntries("rules", max: RuleLimits.rulesMax)
        let rules = entries.map { entry in
            var fields = FieldReader(entry.node, path: entry.name, into: spec.diagnostics)
            return RuleReader.read(&fields)
        }
        switch action {
        case .allow, .audit:
            break
        case .deny, .custom:
            if !spec.has("rules") || entries.isEmpty && spec.peek("rules")?.sequence?.isEmpty == true {
                spec.diagnostics.error(
                    "a \(action.rawValue) policy needs rules; without any it would never match", at: spec.location)
            }
        }
        if action == .custom { refuseIdentities(rules, spec) }
        guard let metadata else { return nil }
        return AuthorizationPolicy(
            metadata: metadata.resource, attachment: attachment, action: action, isDryRun: metadata.isDryRun,
            provider: provider, rules: rules)
    }

    private static func provider(
        _ spec: inout FieldReader, _ action: AuthorizationAction, isStated: Bool
    ) -> String? {
        spec.refuseNull("provider")
        guard var fields = spec.child("provider") else {
            if action == .custom, isStated {
                spec.diagnostics.error("a CUSTOM policy needs provider.name", at: spec.location)
            }
            return nil
        }
        let name = fields.requiredString("name")
        fields.finish()
        if action != .custom, isStated {
            spec.error("\(spec.place("provider")) is for CUSTOM policies alone", at: "provider")
        }
        return name
    }

    private static func refuseIdentities(_ rules: [AuthorizationRule], _ spec: FieldReader) {
        for rule in rules {
            for term in rule.allTerms where term.attribute.isBarredFromCustom {
                spec.diagnostics.error(
                    "a CUSTOM policy may not use \(term.name): its provider is asked before identities are checked",
                    at: rule.location)
            }
        }
    }
}
