import Documents
import IntentPolicy
import RateLimiting

/// What can only be said of a limit where it is known that Redis keeps its bucket.
enum LimitLint {
    /// Warns of costs that a bucket which may be held ahead of use covers hardly or never (decision 9).
    static func check(_ policy: CompiledPolicy, _ rules: LeaseRules, into diagnostics: Diagnostics) {
        for limit in policy.limits {
            let rate = RateLimit(
                name: limit.ruleId, capacityTokens: limit.burst, ratePerMinute: limit.ratePerMinute,
                isSettled: limit.settles)
            guard rules.isLeasable(rate), rate.canEverAdmit(cost: limit.cost) else { continue }
            let place = policy.rules.first { $0.id == limit.ruleId }?.location
            let shared = rules.sharedCapacity(rate)
            let remedy =
                "raise rate_limit_burst to \(limit.cost + limit.cost / 10) or more, or lower the rate below "
                + "\(rules.leasedRatePerMinuteMin) a minute, or settle the rule"
            if limit.cost > shared {
                diagnostics.warning(
                    "rule '\(limit.ruleId)': a cost of \(limit.cost) is refused for ever with Redis, whose bucket holds \(shared) of "
                        + "the burst of \(limit.burst) because gateways take tokens ahead of use; \(remedy)", at: place)
            } else if limit.cost * 50 > limit.burst * 49 {
                diagnostics.warning(
                    "rule '\(limit.ruleId)': a cost of \(limit.cost) is more than 98 % of the burst of \(limit.burst): with Redis it is "
                        + "refused for as long as any gateway holds tokens ahead of use, which may be always; \(remedy)",
                    at: place)
            }
        }
    }
}
