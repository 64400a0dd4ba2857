/// How the keys of one issuer stand, for metrics and health.
package struct KeySetStatus: Sendable, Equatable {
    /// The issuer's name.
    package let issuer: String
    /// Whether there are keys, and fresh ones.
    package let availability: KeySetStateMachine.Availability
    /// How many keys are in force.
    package let keyCount: Int
    /// Seconds since the fetch that brought them; nil without keys.
    package let ageSeconds: Int64?
    /// Fetches that brought keys.
    package let fetchesSucceeded: Int
    /// Fetches that did not.
    package let fetchesFailed: Int
    /// Why the last fetch failed; nil after one that succeeded.
    package let lastFailure: KeySetError?
}

/// What a fetch came to, for the log.
package enum KeySetEvent: Sendable, Equatable {
    /// Keys are in force; the texts say which keys of the set were left out and why.
    case fetched(keyCount: Int, rejections: [String])
    /// The keys before stay in force, if there were any.
    case failed(KeySetError)
    /// The keys became too old and are out of force.
    case withdrawn
}
