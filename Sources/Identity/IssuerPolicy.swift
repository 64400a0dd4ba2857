/// What is asked of the tokens of one issuer.
package struct IssuerPolicy: Sendable, Hashable {
    /// The exact `iss` of its tokens.
    package var issuer: String
    /// The audiences of which a token must name one; an empty list lets no token in.
    package var audiences: [String]
    /// Leaves the audience to whoever asks for the token; the list above then counts for nothing.
    package var acceptsAnyAudience = false
    /// The algorithms that its tokens may be signed with.
    package var algorithms: Set<SignatureAlgorithm>
    /// How far the issuer's clock may be off, 0 to 300 seconds; values outside count as the nearest bound.
    package var leewaySeconds: Int
    /// The longest `exp` − `iat` of a token that has `iat`; nil for no bound.
    package var maxLifetimeSeconds: Int?
    /// Where the roles stand: a list of strings, or one string with spaces between.
    package var rolesClaim: ClaimPath
    /// Where the tenant stands: a string.
    package var tenantClaim: ClaimPath

    /// Makes a policy with the safe defaults: RS256 alone, 60 s leeway, 24 h lifetime.
    package init(
        issuer: String, audiences: [String], algorithms: Set<SignatureAlgorithm> = [.rs256], leewaySeconds: Int = 60,
        maxLifetimeSeconds: Int? = 86_400, rolesClaim: ClaimPath = .roles, tenantClaim: ClaimPath = .tenant
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.leewaySeconds = leewaySeconds
        self.maxLifetimeSeconds = maxLifetimeSeconds
        self.rolesClaim = rolesClaim
        self.tenantClaim = tenantClaim
    }
}
