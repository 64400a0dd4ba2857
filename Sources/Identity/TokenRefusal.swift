/// Why a token was not believed.
package enum TokenRefusal: Error, Sendable, Equatable {
    /// It is not a compact JWS with a header and claims as this gateway takes them; the text says what is wrong.
    case malformed(String)
    /// Its algorithm is not one that its issuer may use here.
    case unsupportedAlgorithm
    /// No issuer of that name is configured.
    case unknownIssuer
    /// Its issuer has no key of that id for that algorithm; nil when the token names none.
    case unknownKey(String?)
    /// The signature is not the key's over these bytes.
    case badSignature
    /// `exp` has passed.
    case expired
    /// `nbf` is yet to come.
    case notYetValid
    /// `iat` is yet to come.
    case issuedInFuture
    /// `aud` names none of the audiences asked for.
    case wrongAudience
    /// A required claim is absent.
    case missingClaim(String)
    /// `exp` − `iat` is longer than the issuer's tokens may live.
    case lifetimeTooLong
    /// The issuer's keys cannot be had now: nobody's fault but the issuer's, and worth another try.
    case keysUnavailable(issuer: String, retryAfterSeconds: Int)

    /// What a caller may be told; no key id, no byte of the token.
    package var message: String {
        switch self {
        case .malformed(let problem): "the token is malformed: \(problem)"
        case .unsupportedAlgorithm: "the token's algorithm is not accepted"
        case .unknownIssuer: "the token's issuer is not accepted"
        case .unknownKey: "the token is signed with a key that its issuer does not publish"
        case .badSignature: "the token's signature does not hold"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .issuedInFuture: "the token was issued in the future"
        case .wrongAudience: "the token is for another audience"
        case .missingClaim(let name): "the token has no claim '\(name)'"
        case .lifetimeTooLong: "the token lives longer than its issuer's tokens may"
        case .keysUnavailable: "the keys of the token's issuer are unavailable; try again later"
        }
    }

    /// The stable name for metrics and audit.
    package var reason: String {
        switch self {
        case .malformed: "token_malformed"
        case .unsupportedAlgorithm: "token_algorithm"
        case .unknownIssuer: "token_unknown_issuer"
        case .unknownKey: "token_unknown_key"
        case .badSignature: "token_bad_signature"
        case .expired: "token_expired"
        case .notYetValid: "token_not_yet_valid"
        case .issuedInFuture: "token_issued_in_future"
        case .wrongAudience: "token_wrong_audience"
        case .missingClaim: "token_missing_claim"
        case .lifetimeTooLong: "token_lifetime_too_long"
        case .keysUnavailable: "keys_unavailable"
        }
    }
}
