/// Which rules can match an intent at all, found by one look-up when there are many rules.
struct RuleIndex: Sendable {
    private let byIntent: [String: [Int]]
    /// For intents that no rule spells out.
    private let others: [Int]

    /// Fewer rules than this are tried one after the other.
    private static let rulesMin = 16

    init(_ rules: [PolicyRule], dialect: PolicyDialect) {
        guard rules.count >= Self.rulesMin else {
            byIntent = [:]
            others = Array(rules.indices)
            return
        }
        let isGlob = dialect == .glob
        let patterns = rules.map { rule in
            rule.intents.flatMap { $0.isEmpty ? nil : NamePatterns($0, isGlob: isGlob) }
        }
        let isLiteral = { (name: String) in !isGlob || !name.contains("*") }
        let literals = Set(rules.flatMap { ($0.intents ?? []).filter(isLiteral) })
        others = rules.indices.filter { place in
            guard let intents = rules[place].intents, !intents.isEmpty else { return true }
            return !intents.allSatisfy(isLiteral)
        }
        var byIntent: [String: [Int]] = [:]
        for literal in literals {
            byIntent[literal] = rules.indices.filter { patterns[$0]?.matches(literal) ?? true }
        }
        self.byIntent = byIntent
    }

    func places(for intent: String) -> [Int] {
        byIntent.isEmpty ? others : byIntent[intent] ?? others
    }
}
