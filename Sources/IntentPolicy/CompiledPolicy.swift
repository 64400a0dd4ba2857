/// A policy made ready: immutable, shared by every event loop, evaluated without memory of its own in the common case.
package final class CompiledPolicy: Sendable {
    /// A limit that a rule states.
    package struct Limit: Sendable {
        package let ruleId: String
        package let ratePerMinute: Int
        package let burst: Int
        /// Tokens that a request costs.
        package let cost: Int
        /// Whether it pays in the end what its worker says.
        package let settles: Bool
        package let isShadow: Bool
        /// nil for the node's own default.
        package let onStoreFailure: StoreFailureChoice?
        let template: KeyTemplate?

        /// How many fields its key has; the texts between placeholders are fields too.
        package var fieldCount: Int { template?.parts.count ?? 0 }
    }

    /// The rules in the order in which they are tried.
    package let rules: [PolicyRule]
    package let limits: [Limit]
    package let document: PolicyDocument
    private let compiled: [CompiledRule]
    private let hasShadowRules: Bool
    private let defaultAllows: Bool
    private let takesAllLimits: Bool
    private let index: RuleIndex

    package init(_ document: PolicyDocument) {
        self.document = document
        let isGlob = document.dialect == .glob
        // A stable sort: rules of the same priority keep their places. The Python engine never sorts.
        let ordered =
            isGlob
            ? document.rules.enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
                .map(\.element) : document.rules
        var limits: [Limit] = []
        var compiled: [CompiledRule] = []
        var limitNames: Set<String> = []
        for rule in ordered {
            var place: Int?
            if rule.action == .allow, let rate = rule.ratePerMinute {
                place = limits.count
                // Only the exact dialect lets two rules share an id; they must not share buckets.
                var name = rule.id
                while !limitNames.insert(name).inserted { name += "#\(limits.count + 1)" }
                limits.append(
                    Limit(
                        ruleId: name, ratePerMinute: rate, burst: rule.burst ?? rate, cost: rule.cost ?? 1,
                        settles: rule.settles,
                        isShadow: rule.mode == .shadow, onStoreFailure: rule.onStoreFailure, template: rule.keyTemplate)
                )
            }
            compiled.append(CompiledRule(rule, dialect: document.dialect, limit: place))
        }
        rules = ordered
        self.limits = limits
        self.compiled = compiled
        hasShadowRules = ordered.contains { $0.mode == .shadow }
        defaultAllows = document.defaultAction.map { $0 == .allow } ?? !isGlob
        takesAllLimits = isGlob && document.rateLimits == .all
        index = RuleIndex(ordered, dialect: document.dialect)
    }

    /// Decides about a request and one agent; nil where no agent is known.
    package func evaluate(_ request: borrowing PolicyRequest, agent: String?) -> PolicyDecision {
        var decision: PolicyDecision?
        var shadowLimits = PlaceList()
        for place in index.places(for: request.intent) {
            let rule = compiled[place]
            // Behind a decision only the limits of further rules that allow are of interest.
            if decision != nil, rule.action == .deny || rule.limit == nil && rule.maxTimeoutMilliseconds == nil {
                continue
            }
            switch rule.match(request, agent: agent) {
            case .differs: continue
            case .fault:
                guard rule.mode == .enforce else { continue }
                var denial = PolicyDecision(isAllowed: false, rule: place)
                denial.isFault = true
                return denial
            case .matches: break
            }
            let hasUsableKey =
                rule.limit.map { limits[$0].template?.exceedsLimit(request, agent: agent) != true } ?? true
            guard rule.mode == .enforce else {
                if let limit = rule.limit, hasUsableKey { shadowLimits.append(limit) }
                continue
            }
            guard hasUsableKey else {
                var denial = PolicyDecision(isAllowed: false, rule: place)
                denial.isFault = true
                return denial
            }
            if decision == nil {
                decision = PolicyDecision(isAllowed: rule.action == .allow, rule: place)
                guard rule.action == .allow else { break }
            }
            add(rule, to: &decision)
            guard takesAllLimits else { break }
        }
        var result = decision ?? PolicyDecision(isAllowed: defaultAllows, rule: nil)
        // A limit in shadow mode is counted beside the real ones once the request is allowed.
        if result.isAllowed { for limit in shadowLimits { result.limits.append(limit) } }
        if hasShadowRules { noteShadows(request, agent: agent, &result) }
        return result
    }

    private func add(_ rule: CompiledRule, to decision: inout PolicyDecision?) {
        if let limit = rule.limit { decision?.limits.append(limit) }
        guard let milliseconds = rule.maxTimeoutMilliseconds else { return }
        let shortest = decision?.maxTimeoutMilliseconds ?? .max
        decision?.maxTimeoutMilliseconds = min(milliseconds, shortest)
    }

    /// The rules in shadow mode that stand before the deciding one, match, and say the opposite.
    private func noteShadows(_ request: borrowing PolicyRequest, agent: String?, _ decision: inout PolicyDecision) {
        for place in compiled.indices where compiled[place].mode == .shadow {
            if let rule = decision.rule, place > rule { break }
            let rule = compiled[place]
            guard (rule.action == .allow) != decision.isAllowed, rule.match(request, agent: agent) == .matches else {
                continue
            }
            decision.shadowRules.append(place)
        }
    }

    /// The fields of a limit's key, each with its own length in the bucket's name, so that no two keys can run together.
    package func keyFields(_ limit: Int, _ request: borrowing PolicyRequest, agent: String?) -> [String] {
        limits[limit].template?.fields(request, agent: agent) ?? []
    }

    /// The key as text, as the Python engine renders it; nil without a template.
    package func keyText(_ limit: Int, _ request: borrowing PolicyRequest, agent: String?) -> String? {
        limits[limit].template?.render(request, agent: agent)
    }
}
