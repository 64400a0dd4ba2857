/// The numbers of a public key, checked for form and size but not yet taken by libcrypto.
enum PublicKeyMaterial: Sendable, Hashable {
    /// The curves that ES256 and ES384 use.
    enum Curve: Sendable, Hashable {
        case p256
        case p384
    }

    /// An RSA modulus, most significant byte first and not zero; the exponent is 65537.
    case rsa(modulus: [UInt8])
    /// A point by its coordinates at full width.
    case ellipticCurve(Curve, x: [UInt8], y: [UInt8])
    /// An Ed25519 point of 32 bytes.
    case ed25519([UInt8])

    /// The algorithms that a key of this type and curve can verify.
    var algorithms: [SignatureAlgorithm] {
        switch self {
        case .rsa: [.rs256, .ps256]
        case .ellipticCurve(.p256, _, _): [.es256]
        case .ellipticCurve(.p384, _, _): [.es384]
        case .ed25519: [.eddsa]
        }
    }
}

/// Why a key of a key set cannot be used.
struct KeyFault: Error, Equatable {
    let problem: String

    init(_ problem: String) {
        self.problem = problem
    }
}
