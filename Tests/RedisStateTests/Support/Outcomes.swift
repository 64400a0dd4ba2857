import RateLimiting

extension BucketOutcome {
    /// The outcome without what differs from case to case.
    var name: String {
        switch self {
        case .decided: "decided"
        case .degraded: "degraded"
        case .unavailable: "unavailable"
        }
    }
}

extension AuthorityOutcome {
    /// Why it did not decide; nil when it did.
    var reason: String? {
        switch self {
        case .decided, .withheld: nil
        case .unavailable(let reason): reason
        }
    }
}
