/// The signature algorithms of tokens (RFC 7518, RFC 8037) that can be allowed; all asymmetric.
///
/// `none` and the HMAC family are not here, so nothing can allow them.
package enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// RSA PKCS#1 v1.5 with SHA-256.
    case rs256 = "RS256"
    /// RSA PSS with SHA-256 and a salt as long as the digest.
    case ps256 = "PS256"
    /// ECDSA over P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA over P-384 with SHA-384.
    case es384 = "ES384"
    /// Ed25519.
    case eddsa = "EdDSA"

    /// The algorithm of that name, exactly as the registry writes it.
    init?(nameBytes: UnsafeRawBufferPointer) {
        guard nameBytes.count == 5 else { return nil }
        for candidate in Self.allCases where nameBytes.equals(candidate.nameBytes) {
            self = candidate
            return
        }
        return nil
    }

    private var nameBytes: StaticString {
        switch self {
        case .rs256: "RS256"
        case .ps256: "PS256"
        case .es256: "ES256"
        case .es384: "ES384"
        case .eddsa: "EdDSA"
        }
    }
}
