/// A rule of a policy.
package struct MatchedRule: Sendable, Hashable, CustomStringConvertible {
    /// `namespace/name`.
    package let policy: String
    /// Its place in the policy's list, from 0.
    package let rule: Int

    /// `foo/allow-gateway rule 0`.
    package var description: String { "\(policy) rule \(rule)" }
}

/// What the policies say about a request. It is for the audit record and for the operator, never for the caller.
package struct AuthorizationDecision: Sendable, Hashable {
    /// Why it was decided so.
    package enum Reason: Sendable, Hashable {
        /// No ALLOW policy is attached to this workload, and nothing refused.
        case noAllowPolicy
        /// An ALLOW rule matched, and nothing refused.
        case allowed(MatchedRule)
        /// A DENY rule matched.
        case denied(MatchedRule)
        /// A CUSTOM rule matched, and there is no provider to ask.
        case providerUnknown(MatchedRule)
        /// There are ALLOW policies, and no rule of theirs matched.
        case noRuleMatched
        /// The request target is not to be served at all (status 400).
        case unservablePath(PathFault)
    }

    package let reason: Reason
    /// The first matching rule of each AUDIT policy.
    package let audited: [MatchedRule]
    /// What would be decided if the dry-run policies were enforced too; nil when there is none.
    package let shadow: Reason?

    /// Whether the request may pass.
    package var isAllowed: Bool { reason.isAllowed }
    /// Whether enforcing the dry-run policies would change the answer.
    package var shadowDiffers: Bool { shadow.map { $0.isAllowed != reason.isAllowed } ?? false }
}

extension AuthorizationDecision.Reason {
    /// Whether the request may pass.
    package var isAllowed: Bool {
        switch self {
        case .noAllowPolicy, .allowed: true
        case .denied, .providerUnknown, .noRuleMatched, .unservablePath: false
        }
    }

    /// The rule that decided, if one did.
    package var rule: MatchedRule? {
        switch self {
        case .allowed(let rule), .denied(let rule), .providerUnknown(let rule): rule
        case .noAllowPolicy, .noRuleMatched, .unservablePath: nil
        }
    }
}

extension AuthorizationDecision.Reason: CustomStringConvertible {
    /// One line for the audit record.
    package var description: String {
        switch self {
        case .noAllowPolicy: "allowed: no ALLOW policy is attached"
        case .allowed(let rule): "allowed by \(rule)"
        case .denied(let rule): "denied by \(rule)"
        case .providerUnknown(let rule): "denied by \(rule): CUSTOM without a known provider"
        case .noRuleMatched: "denied: no ALLOW rule matches"
        case .unservablePath(let fault): "refused: \(fault.message)"
        }
    }
}
