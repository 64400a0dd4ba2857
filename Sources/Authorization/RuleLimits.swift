/// What a resource may hold at most; Istio's own bounds where it has one.
enum RuleLimits {
    /// Rules of a policy.
    static let rulesMax = 512
    /// Sources, operations, or conditions of a rule.
    static let alternativesMax = 512
    /// Values of one field.
    static let valuesMax = 4_096
    /// UTF-8 bytes of one value.
    static let valueBytesMax = 4_096
    static let targetReferencesMax = 16
    static let serviceAccountsMax = 16
    /// Characters of one service account.
    static let serviceAccountLengthMax = 320
    static let tokenRulesMax = 4_096
    static let spaceDelimitedClaimsMax = 64
    /// Characters of a label's value.
    static let labelValueLengthMax = 63
    /// Names inside each other in a claim's path.
    static let claimDepthMax = 16
}
