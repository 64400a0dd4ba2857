extension PolicyDocument {
    /// Whether what no rule matches is denied.
    package var deniesByDefault: Bool { defaultAction.map { $0 == .deny } ?? (dialect == .glob) }

    /// The rules in force that allow, in the order in which they are tried.
    package var allowingRules: [PolicyRule] {
        ordered.filter { $0.action == .allow && $0.mode == .enforce }
    }

    /// Those of them that allow requests which no limit in force holds for.
    ///
    /// A rule without a limit of its own is limited where one that has it matches everything that the rule matches, and counts
    /// beside it; in doubt it is not. A rule by which nothing is ever decided, because another one covers it, is passed over.
    package var unlimitedRules: [PolicyRule] {
        let rules = allowingRules
        let coverings = rules.map(Covering.init)
        return rules.indices.filter { place in
            guard rules[place].ratePerMinute == nil else { return false }
            return !rules.indices.contains { other in
                guard other != place, rules[other].ratePerMinute != nil, dialect == .glob else { return false }
                // Where only the first match counts, a limit behind it is never asked.
                guard rateLimits == .all || other < place else { return false }
                return coverings[other].covers(rules[place])
            }
        }.map { rules[$0] }
    }

    private var ordered: [PolicyRule] {
        guard dialect == .glob else { return rules }
        return rules.enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
            .map(\.element)
    }
}
