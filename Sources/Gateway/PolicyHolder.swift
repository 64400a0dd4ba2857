package import IntentPolicy
package import RateLimiting
import Synchronization

/// A policy in force, with its limits made ready for the buckets.
package struct ActivePolicy: Sendable {
    package let policy: CompiledPolicy
    /// In the order of the policy's limits.
    let limits: [PreparedLimit]

    /// - Parameter onStoreFailure: what holds for a limit whose rule does not say.
    package init(_ policy: CompiledPolicy, hasher: BucketKeyHasher, onStoreFailure: StoreFailureMode = .local) {
        self.policy = policy
        limits = policy.limits.map { limit in
            hasher.prepare(
                RateLimit(
                    name: limit.ruleId, capacityTokens: limit.burst, ratePerMinute: limit.ratePerMinute,
                    shadow: limit.isShadow,
                    onStoreFailure: limit.onStoreFailure.flatMap { StoreFailureMode(rawValue: $0.rawValue) }
                        ?? onStoreFailure, isSettled: limit.settles))
        }
    }

    /// How many values the key of a rule's limit has; nil where no rule of that name has a limit.
    package func fieldCount(ofLimit name: String) -> Int? {
        policy.limits.first { $0.ruleId == name }?.fieldCount
    }

    /// A demand on one bucket of a rule's limit, as a request of those key values makes it; nil where no rule of that name has
    /// a limit.
    package func demand(onLimit name: String, fields: [String]) -> BucketDemand? {
        limits.first { $0.limit.name == name }?.demand(onFields: fields)
    }
}

/// The policy in force; replaced as a whole, read by every request.
package final class PolicyHolder: Sendable {
    private let active: Mutex<ActivePolicy>

    package init(_ active: ActivePolicy) {
        self.active = Mutex(active)
    }

    package var current: ActivePolicy { active.withLock { $0 } }

    /// Puts another policy in force; requests under way keep the one they began with.
    package func replace(_ policy: ActivePolicy) {
        active.withLock { $0 = policy }
    }
}
