package import Documents
package import IntentProtocol

/// One rule as a file states it.
package struct PolicyRule: Sendable {
    package var id: String
    package var action: PolicyAction
    package var mode = RuleMode.enforce
    package var priority = 0
    /// nil means any; the meaning of an empty list is the dialect's.
    package var intents: [String]?
    package var agents: [String]?
    package var roles: [String]?
    package var tenants: [String]?
    /// Which services the caller must be; nil means any caller, service or not.
    package var principals: PrincipalPatterns?
    /// What must say which service the caller is; one suffices, and `none` is a caller that nothing calls a service. nil
    /// means anything or nothing.
    package var identitySources: [IdentitySource]?
    /// A path into the payload and the regex that its text must contain; all must match.
    package var payload: [(path: String, regex: PayloadRegex)] = []
    package var ratePerMinute: Int?
    package var burst: Int?
    /// Tokens that a request costs; 1 where the rule does not say.
    package var cost: Int?
    /// Whether a request pays in the end what its worker says that it cost.
    package var settles = false
    /// What holds for the limit while the shared store is away; nil for the node's own default.
    package var onStoreFailure: StoreFailureChoice?
    package var keyTemplate: KeyTemplate?
    package var maxTimeoutMilliseconds: Int?
    package var location: SourceLocation?

    package init(id: String, action: PolicyAction) {
        self.id = id
        self.action = action
    }
}

/// A whole policy as files state it.
package struct PolicyDocument: Sendable {
    package var dialect = PolicyDialect.glob
    package var rateLimits = RateLimitScope.all
    /// nil when no file states one.
    package var defaultAction: PolicyAction?
    package var rules: [PolicyRule] = []

    package init() {}
}
