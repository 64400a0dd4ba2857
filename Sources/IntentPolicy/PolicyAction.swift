/// What a rule does with what it matches.
package enum PolicyAction: String, Sendable, CaseIterable {
    case allow
    case deny
}

/// How patterns and defaults are read.
package enum PolicyDialect: String, Sendable, CaseIterable {
    /// The guide's: `*` stands for any run of characters, no default denies.
    case glob
    /// The Python engine's: exact names, list order, no default allows.
    case exact
}

/// Which limits count when several rules allow a request.
package enum RateLimitScope: String, Sendable, CaseIterable {
    /// Those of every rule that matches and allows.
    case all
    /// Those of the deciding rule alone.
    case first
}

/// Whether a rule decides or is only watched.
package enum RuleMode: String, Sendable, CaseIterable {
    case enforce
    /// Counted and audited, never deciding.
    case shadow
}
