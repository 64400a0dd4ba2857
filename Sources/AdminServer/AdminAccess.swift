package import Gateway
package import Identity

/// Who may use the admin API, and how often; a value, fixed while a node runs.
package struct AdminAccess: Sendable {
    /// Who is believed, and may do what.
    package struct Rules: Sendable {
        /// Roles of tokens that may read and act.
        package var administratorRoles: Set<String> = []
        /// Roles of tokens that may read.
        package var viewerRoles: Set<String> = []
        /// Services that may read and act.
        package var administrators: Set<String> = []
        /// Services that may read.
        package var viewers: Set<String> = []
        /// Issuers whose tokens count; nil for all.
        package var issuers: Set<String>?
        /// Whether metrics and the health report ask for a credential too.
        package var protectsMetrics = false
        package var actionsPerMinute = 600
        package var failuresPerMinute = 10

        package init() {}
    }

    /// nil lets peers of this machine read, and nobody act.
    package var rules: Rules?
    /// Names in lower case that requests may ask this admin plane by, besides localhost and addresses.
    package var hosts: Set<String> = []
    /// Origins whose scripts may ask.
    package var origins: Set<String> = []
    /// Policies that judge every request which the rules let pass; nil where there are none.
    package var policies: AuthorizationHolder?
    /// Verifies a token; may wait for an issuer's keys.
    package var verify: @Sendable (_ token: ArraySlice<UInt8>) async -> Result<VerifiedToken, TokenRefusal> = { _ in
        .failure(.unknownIssuer)
    }

    package init() {}
}
