package import Documents

/// One rule of a policy: one of the sources, one of the operations, and all conditions must hold.
package struct AuthorizationRule: Sendable, Hashable {
    /// Each source's terms, all of which must hold; no source at all means any.
    package var sources: [[RuleTerm]] = []
    /// Each operation's terms, all of which must hold; no operation at all means any.
    package var operations: [[RuleTerm]] = []
    /// All of these must hold.
    package var conditions: [RuleTerm] = []
    /// Where the rule stands.
    package let location: SourceLocation

    var allTerms: [RuleTerm] { sources.flatMap { $0 } + operations.flatMap { $0 } + conditions }
}
