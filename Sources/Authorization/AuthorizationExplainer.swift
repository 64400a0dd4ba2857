import Documents

/// Tells, policy by policy and rule by rule, why a request is decided as it is. For operators alone.
///
/// It asks the same table that decides, so that it cannot tell another story.
package enum AuthorizationExplainer {
    /// One line for the path, one for each rule in the order in which the actions count, then the decision.
    package static func explain(_ compiled: CompiledAuthorization, _ request: AuthorizationRequest) -> String {
        var lines: [String] = []
        let decision = compiled.evaluate(request)
        if case .path(let path) = compiled.pathNormalization.normalize(request.target) {
            lines.append("path: \(RequestText.quoted(request.target)) is compared as \(RequestText.quoted(path))")
            for action in [AuthorizationAction.custom, .deny, .allow, .audit] {
                lines += explain(action, compiled, request, path)
            }
        }
        for (policy, reach) in compiled.unattached {
            lines.append("not attached: \(title(policy)): \(reason(reach))")
        }
        for rule in decision.audited { lines.append("audited by \(rule)") }
        lines.append("decision: \(decision.reason)")
        if let shadow = decision.shadow { lines.append("with the dry-run policies: \(shadow)") }
        return lines.joined(separator: "\n")
    }

    private static func explain(
        _ action: AuthorizationAction, _ compiled: CompiledAuthorization, _ request: AuthorizationRequest,
        _ path: ArraySlice<UInt8>
    ) -> [String] {
        var lines: [String] = []
        for (place, policy) in compiled.policies.enumerated() where policy.action == action {
            lines.append("\(title(policy)):")
            if policy.rules.isEmpty { lines.append("  has no rules and never matches") }
            for (row, rule) in compiled.rows.enumerated() where Int(rule.policy) == place {
                let source = policy.rules[Int(rule.rule)]
                let outcome = compiled.rules.with(request, path: path) { rules, view in
                    rules.matches(row, view)
                        ? "matches" : "does not match: \(why(source, rule, rules, view, request, path))"
                }
                lines.append("  rule \(rule.rule) (\(source.location)) \(outcome)")
            }
        }
        return lines
    }

    /// The first term that fails of each alternative, as none of them holds.
    private static func why(
        _ rule: AuthorizationRule, _ row: RuleRow, _ rules: borrowing RuleView, _ view: borrowing RequestView,
        _ request: AuthorizationRequest, _ path: ArraySlice<UInt8>
    ) -> String {
        func failure(_ terms: [RuleTerm], _ range: TermRange) -> String? {
            for (place, term) in terms.enumerated()
            where !rules.holds(rules.terms[Int(range.start) + place], view) {
                return "\(term.name) \(values(term)) fails for \(RequestText.of(term.attribute, request, path))"
            }
            return nil
        }
        func failures(_ name: String, _ alternatives: [[RuleTerm]], from start: Int32) -> [String] {
            let found = alternatives.enumerated().map { place, terms in
                failure(terms, rules.alternatives[Int(start) + place]).map { "\(name)[\(place)]: \($0)" }
            }
            return found.contains(nil) ? [] : found.compactMap { $0 }
        }
        let parts =
            failures("to", rule.operations, from: row.operationsStart)
            + failures("from", rule.sources, from: row.sourcesStart)
            + (failure(rule.conditions, row.conditions).map { ["when: \($0)"] } ?? [])
        return parts.joined(separator: "; ")
    }

    private static func values(_ term: RuleTerm) -> String {
        let shown = term.values.prefix(8).map { MessageText.quoted($0) }.joined(separator: ", ")
        return "[\(shown)\(term.values.count > 8 ? ", …" : "")]"
    }

    private static func title(_ policy: AuthorizationPolicy) -> String {
        "\(policy.action.rawValue) \(policy.metadata.fullName)\(policy.isDryRun ? " (dry-run)" : "")"
    }

    private static func reason(_ reach: Attachment.Reach) -> String {
        switch reach {
        case .reaches: "attached"
        case .otherNamespace: "it is in another namespace, and not in the root namespace"
        case .labelsDiffer: "this workload does not have the labels of its selector"
        case .otherTarget: "its targetRefs do not name this workload"
        }
    }
}
