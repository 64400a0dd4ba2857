/// The rules by what they do.
struct ActionSets: Sendable {
    let custom: RuleSet
    let deny: RuleSet
    let allow: RuleSet
    let audit: RuleSet

    /// - Parameters:
    ///   - policies: all policies.
    ///   - rows: the rows of each policy's rules.
    ///   - table: the table with the rows.
    ///   - counts: whether a policy takes part.
    init(
        _ policies: [AuthorizationPolicy], _ rows: [[Int]], _ table: RuleTable,
        where counts: (AuthorizationPolicy) -> Bool
    ) {
        func set(_ action: AuthorizationAction) -> RuleSet {
            let places = policies.indices.filter { policies[$0].action == action && counts(policies[$0]) }
            return RuleSet(places.flatMap { rows[$0] }, policyCount: places.count, table)
        }
        custom = set(.custom)
        deny = set(.deny)
        allow = set(.allow)
        audit = set(.audit)
    }
}
