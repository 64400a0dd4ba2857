/// What a policy does with the requests that it matches.
package enum AuthorizationAction: String, Sendable, Hashable, CaseIterable {
    /// Admits them, if no CUSTOM or DENY policy matches.
    case allow = "ALLOW"
    /// Refuses them.
    case deny = "DENY"
    /// Marks them, whatever else is decided.
    case audit = "AUDIT"
    /// Would ask a provider; here they are refused.
    case custom = "CUSTOM"
}

/// An AuthorizationPolicy as it was read.
package struct AuthorizationPolicy: Sendable, Hashable {
    package let metadata: ResourceMetadata
    /// Which workloads it is for.
    package let attachment: Attachment
    package let action: AuthorizationAction
    /// Whether it only tells what it would do.
    package let isDryRun: Bool
    /// The name of the external provider of a CUSTOM policy.
    package let provider: String?
    /// An ALLOW policy without rules admits nothing.
    package let rules: [AuthorizationRule]
}
