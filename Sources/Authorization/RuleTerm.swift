/// One field of a source, an operation or a condition with its values.
package struct RuleTerm: Sendable, Hashable {
    /// What it is called where it stands: `principals`, `notPaths`, `request.headers[x-env]`.
    package let name: String
    /// What it looks at.
    package let attribute: RuleAttribute
    /// Any of these is a match; never empty.
    package let values: [String]
    /// Whether it holds exactly when none of the values matches.
    package let isNegated: Bool
}
