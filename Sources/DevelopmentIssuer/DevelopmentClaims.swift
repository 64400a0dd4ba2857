package import Foundation

/// The claims of a development token.
package struct DevelopmentClaims: Codable, Sendable {
    package var iss: String
    package var aud: String
    package var sub: String
    package var roles: [String]
    package var tenant: String?
    /// Seconds since the Unix epoch.
    package var iat: Int
    package var exp: Int
    package var jti: String

    /// - Parameters:
    ///   - lifetimeSeconds: from `now` to the expiry.
    package init(
        issuer: String, audience: String, subject: String, roles: [String], tenant: String?, lifetimeSeconds: Int,
        now: Date = Date()
    ) {
        iss = issuer
        aud = audience
        sub = subject
        self.roles = roles
        self.tenant = tenant
        iat = Int(now.timeIntervalSince1970)
        exp = iat + lifetimeSeconds
        jti = UUID().uuidString.lowercased()
    }
}
