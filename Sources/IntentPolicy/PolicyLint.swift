import Documents
import IntentProtocol

/// Warns of rules that do not do what their author probably meant.
enum PolicyLint {
    static func check(_ document: PolicyDocument, into diagnostics: Diagnostics) {
        guard document.dialect == .glob else { return }
        if document.defaultAction == nil {
            diagnostics.warning(
                "no default is stated: what no rule matches is denied", at: document.rules.first?.location)
        }
        let ordered = document.rules.enumerated()
            .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }.map(\.element)
        let coverings = ordered.map(Covering.init)
        let index = RuleIndex(ordered, dialect: document.dialect)
        for (place, rule) in ordered.enumerated() {
            checkRule(rule, diagnostics)
            guard rule.mode == .enforce else { continue }
            // Whatever covers the rule covers the first of its intents, so the index names all that can.
            let candidates = index.places(for: rule.intents?.first ?? "")
            guard
                let earlier = candidates.first(where: { $0 < place && coverings[$0].covers(rule) }).map({ ordered[$0] })
            else { continue }
            let addsTerms =
                rule.action == .allow && (rule.ratePerMinute != nil || rule.maxTimeoutMilliseconds != nil)
                && earlier.action == .allow && document.rateLimits == .all
            guard !addsTerms else { continue }
            diagnostics.warning(
                "rule '\(rule.id)' is never reached: '\(earlier.id)' matches everything that it matches",
                at: rule.location)
        }
        if !document.rules.isEmpty, document.rules.allSatisfy({ $0.mode == .shadow }) {
            diagnostics.warning(
                "every rule is in shadow mode: the default decides alone", at: document.rules[0].location)
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
        checkIdentity(rule, diagnostics)
        if rule.action == .deny, rule.ratePerMinute != nil {
            diagnostics.warning("rule '\(rule.id)' denies: its rate limit has no effect", at: rule.location)
        }
        if rule.action == .allow, rule.ratePerMinute != nil, rule.keyTemplate?.isConstant ?? true {
            diagnostics.warning(
                "rule '\(rule.id)': all callers share one bucket; name one in rate_limit_key_template",
                at: rule.location)
        }
        if rule.action == .allow, rule.ratePerMinute != nil, let template = rule.keyTemplate, !template.isConstant {
            let named = template.placeholders
            if Set(named).isDisjoint(with: [.tenant, .subject, .address, .network]) {
                diagnostics.warning(
                    "rule '\(rule.id)': the key names none of {tenant}, {subject}, {address} and {network}: callers share its buckets",
                    at: rule.location)
            }
            if named.contains(.source) {
                diagnostics.warning(
                    "rule '\(rule.id)': {source} is the caller's own word: with each new one it has a full bucket",
                    at: rule.location)
            }
        }
        checkCost(rule, diagnostics)
        if rule.burst == 0 {
            diagnostics.warning("rule '\(rule.id)': a burst of 0 refuses every request", at: rule.location)
        }
        if rule.ratePerMinute == 0 {
            diagnostics.warning("rule '\(rule.id)': a rate of 0 refuses every request", at: rule.location)
        }
    }
}

extension PolicyLint {
    /// Costs that no bucket of the rule ever covers, or that nothing settles.
    private static func checkCost(_ rule: PolicyRule, _ diagnostics: Diagnostics) {
        guard let rate = rule.ratePerMinute, rate > 0 else { return }
        let (cost, burst) = (rule.cost ?? 1, rule.burst ?? rate)
        if cost > burst, burst > 0 {
            diagnostics.warning(
                "rule '\(rule.id)': a cost of \(cost) is above the burst of \(burst) and refuses every request",
                at: rule.location)
        }
        if rule.settles, rule.cost == nil {
            diagnostics.warning(
                "rule '\(rule.id)': rate_limit_settle without rate_limit_cost: requests that are under way, and those whose worker "
                    + "says nothing, cost 1", at: rule.location)
        }
    }

    /// Rules by service that let through, or let in, whom their author probably did not think of.
    private static func checkIdentity(_ rule: PolicyRule, _ diagnostics: Diagnostics) {
        if rule.action == .deny, let principals = rule.principals {
            diagnostics.warning(
                "rule '\(rule.id)' denies only the principals \(principals.texts.joined(separator: ", ")): a caller that is no "
                    + "service passes it", at: rule.location)
        }
        if rule.action == .allow, let open = rule.principals?.open, !open.isEmpty {
            diagnostics.warning(
                "rule '\(rule.id)': \(open.joined(separator: ", ")) also matches services of other trust domains; name the "
                    + "trust domain and a '/' behind it", at: rule.location)
        }
        if rule.principals != nil, rule.identitySources == [.none] {
            diagnostics.warning(
                "rule '\(rule.id)' never matches: a caller with a principal has a source for it", at: rule.location)
        }
        if rule.action == .allow, rule.principals != nil, rule.identitySources?.contains(.none) == true {
            diagnostics.warning(
                "rule '\(rule.id)': 'none' among its identity_sources has no effect beside principals",
                at: rule.location)
        }
    }
}

/// A rule as one that may leave nothing to later ones; its patterns are compiled once.
struct Covering {
    private let canCover: Bool
    private let intents: NamePatterns?
    private let agents: NamePatterns?
    private let tenants: NamePatterns?
    private let roles: NamePatterns?
    private let wantsNoRoles: Bool
    private let principals: PrincipalPatterns?
    private let sources: [IdentitySource]?

    init(_ rule: PolicyRule) {
        func patterns(_ names: [String]?) -> NamePatterns? {
            guard let names, !names.isEmpty else { return nil }
            let patterns = NamePatterns(names, isGlob: true)
            return patterns.matchesEverything ? nil : patterns
        }
        canCover = rule.mode == .enforce && rule.payload.isEmpty
        intents = patterns(rule.intents)
        agents = patterns(rule.agents)
        tenants = patterns(rule.tenants)
        roles = patterns(rule.roles)
        wantsNoRoles = rule.roles?.isEmpty == true
        principals = rule.principals
        sources = rule.identitySources
    }

    /// Whether everything that the rule matches is matched by this one too; errs on the side of no.
    func covers(_ rule: PolicyRule) -> Bool {
        canCover && coversRoles(rule.roles) && covers(intents, rule.intents) && covers(agents, rule.agents)
            && covers(tenants, rule.tenants) && coversIdentity(of: rule)
    }

    private func coversIdentity(of rule: PolicyRule) -> Bool {
        if let principals {
            guard let narrow = rule.principals, principals.covers(narrow) else { return false }
        }
        guard let sources else { return true }
        return rule.identitySources?.allSatisfy(sources.contains) == true
    }

    /// A pattern covers another one if it matches its text: no fixed part of a pattern holds a star, so only a star can have
    /// taken the other one's.
    private func covers(_ wide: NamePatterns?, _ narrow: [String]?) -> Bool {
        guard let wide else { return true }
        guard let narrow, !narrow.isEmpty else { return false }
        return narrow.allSatisfy { wide.matches($0) }
    }

    private func coversRoles(_ narrow: [String]?) -> Bool {
        wantsNoRoles ? narrow?.isEmpty == true : covers(roles, narrow)
    }
}
