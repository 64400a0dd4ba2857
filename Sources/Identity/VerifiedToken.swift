package import IntentProtocol
import Synchronization

/// What a token says, after its signature and every required claim held. Only the verifier can make one.
package final class VerifiedToken: Sendable {
    /// `sub`: 1 to 256 bytes without control characters.
    package let subject: String
    /// The roles in the order of the token; empty when the token has none.
    package let roles: [String]
    /// The tenant; nil when the token names none.
    package let tenant: String?
    /// `iss`, as it is configured.
    package let issuer: String
    /// The index of the issuer among those of the verifier.
    package let issuerIndex: Int
    /// `exp` in Unix seconds, fractions rounded up.
    package let expiresAtSeconds: Int64
    /// `jti`, when it is a string.
    package let tokenId: String?
    /// The entry `user:<sub>` of the identity chain: JSON-escaped UTF-8 as it stands between quotes.
    package let chainUserEntry: [UInt8]
    private let claimBytes: [UInt8]
    private let kept = Mutex<(owner: any AnyObject & Sendable, value: any Sendable)?>(nil)

    init(_ claims: TokenClaims, issuer: String, issuerIndex: Int, claimBytes: [UInt8]) {
        subject = claims.subject
        roles = claims.roles
        tenant = claims.tenant
        tokenId = claims.tokenId
        expiresAtSeconds = claims.expiresAtSeconds
        chainUserEntry = Self.chainEntry(claims.subject)
        self.issuer = issuer
        self.issuerIndex = issuerIndex
        self.claimBytes = claimBytes
    }

    /// All claims, parsed anew at each call; the token's own order.
    package var claims: JSONObject {
        (try? JSONValue(parsing: claimBytes))?.objectValue ?? JSONObject()
    }

    /// The claims as they stand in the token: base64url without padding.
    package var encodedPayload: String { Base64URL.encode(claimBytes) }

    /// What an owner made of the claims, made once for as long as the same owner asks.
    package func derived<Value: Sendable>(
        for owner: any AnyObject & Sendable, _ make: (JSONObject) -> Value
    ) -> Value {
        // Boxed, for a value that is itself an optional would be found where nothing is kept.
        if let box = kept.withLock({ $0?.owner === owner ? $0?.value : nil }) as? [Value] { return box[0] }
        let value = make(claims)
        kept.withLock { $0 = (owner, [value]) }
        return value
    }

    /// A subject has no control characters, so quotes and backslashes are all there is to escape.
    private static func chainEntry(_ subject: String) -> [UInt8] {
        var entry: [UInt8] = []
        entry.reserveCapacity(subject.utf8.count + 8)
        entry.append(contentsOf: "user:".utf8)
        for byte in subject.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { entry.append(UInt8(ascii: "\\")) }
            entry.append(byte)
        }
        return entry
    }
}
