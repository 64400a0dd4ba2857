import Identity
import IntentProtocol

/// Whom the messages of a caller are bound to (EMCL v2), in decoded UTF-8; empty where there is none.
package struct SealedNames: Sendable, Hashable {
    /// As the gateway authenticates them: `user:` and the token's subject, or `service:` and the principal.
    package let caller: ArraySlice<UInt8>
    /// The caller's tenant.
    package let tenant: ArraySlice<UInt8>

    /// What was told, or else what a token says of its bearer.
    ///
    /// Nothing of the token is verified: one that lies is refused by the gateway. It is read by a tree, so that whoever sends
    /// many messages keeps what came of it.
    ///
    /// - Parameter token: anything; what is no JSON Web Token names nobody.
    package init(_ sealing: EnvelopeSealing, token: String?) {
        let claims = sealing.namesAreTold ? nil : token.flatMap(Self.claims)
        let subject = claims?.objectValue?["sub"]?.stringValue
        let tenant = claims.flatMap { Self.text(sealing.tenantClaim, in: $0) }
        caller = Array((sealing.caller ?? subject.map { "user:\($0)" } ?? "").utf8)[...]
        self.tenant = Array((sealing.tenant ?? tenant ?? "").utf8)[...]
    }

    /// How many bytes the texts have together.
    var byteCount: Int { caller.count + tenant.count }

    private static func claims(_ token: String) -> JSONValue? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(String(Substring(parts[1]))) else { return nil }
        return try? JSONValue(parsing: bytes)
    }

    private static func text(_ claim: String, in claims: JSONValue) -> String? {
        ClaimPath(claim)?.segments.reduce(claims as JSONValue?) { $0?.objectValue?[$1] }?.stringValue
    }
}

extension EnvelopeSealing {
    /// Whether no token is needed to know the names.
    var namesAreTold: Bool { caller != nil && tenant != nil }
}
