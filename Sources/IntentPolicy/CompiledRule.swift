import IntentProtocol

/// A rule made ready for evaluation.
struct CompiledRule: Sendable {
    let action: PolicyAction
    let mode: RuleMode
    /// nil means any.
    let intents: NamePatterns?
    let agents: NamePatterns?
    let roles: NamePatterns?
    /// Only callers without roles.
    let wantsNoRoles: Bool
    let tenants: NamePatterns?
    let principals: PrincipalPatterns?
    /// nil means anything or nothing.
    private let sources: IdentitySources?
    /// Whether a caller that nothing calls a service will do where sources are asked for.
    private let takesNoSource: Bool
    let payload: [(path: String, regex: PayloadRegex)]
    /// The place of its limit.
    let limit: Int?
    let maxTimeoutMilliseconds: Int?

    init(_ rule: PolicyRule, dialect: PolicyDialect, limit: Int?) {
        let isGlob = dialect == .glob
        func patterns(_ names: [String]?) -> NamePatterns? {
            guard let names, !names.isEmpty else { return nil }
            let patterns = NamePatterns(names, isGlob: isGlob)
            return isGlob && patterns.matchesEverything ? nil : patterns
        }
        action = rule.action
        mode = rule.mode
        intents = patterns(rule.intents)
        agents = patterns(rule.agents)
        roles = patterns(rule.roles)
        wantsNoRoles = isGlob && rule.roles?.isEmpty == true
        tenants = patterns(rule.tenants)
        principals = rule.principals
        sources = rule.identitySources.map { IdentitySources($0.map { IdentitySources($0) }) }
        takesNoSource = rule.identitySources?.contains(.none) ?? true
        payload = rule.payload
        self.limit = limit
        maxTimeoutMilliseconds = rule.maxTimeoutMilliseconds
    }

    /// What came of a comparison; a rule that cannot be evaluated must not be passed over.
    enum Match {
        case matches
        case differs
        case fault
    }

    func match(_ request: borrowing PolicyRequest, agent: String?) -> Match {
        if let intents, !intents.matches(request.intent) { return .differs }
        if let agents, !agents.matches(agent) { return .differs }
        if wantsNoRoles, !request.roles.isEmpty { return .differs }
        if let roles, !roles.matchesAny(of: request.roles) { return .differs }
        if let tenants, !tenants.matches(request.tenant) { return .differs }
        if let principals, !principals.matches(request.principal) { return .differs }
        guard isFromSource(request.identitySources) else { return .differs }
        return payload.isEmpty ? .matches : matchPayload(request)
    }

    /// Whether something that the rule asks for says who the caller is, or nothing does and the rule takes that.
    func isFromSource(_ stated: IdentitySources) -> Bool {
        guard let sources else { return true }
        return stated.isEmpty ? takesNoSource : !stated.isDisjoint(with: sources)
    }

    private func matchPayload(_ request: borrowing PolicyRequest) -> Match {
        for (path, regex) in payload {
            switch regex.search(PythonText.text(of: request.payloadValue(at: path))) {
            case .found: continue
            case .absent: return .differs
            case .exceededLimit: return .fault
            }
        }
        return .matches
    }
}
