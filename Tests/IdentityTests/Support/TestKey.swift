import COpenSSL

@testable import Identity

/// A private key made for a test, which signs whatever bytes it is given, well formed or not.
// @unchecked: the key is made once and only read; libcrypto lets threads share it.
final class TestKey: @unchecked Sendable {
    enum Kind: Sendable { case rsa(bits: Int), p256, p384, ed25519 }

    private let kind: Kind
    private let key: OpaquePointer

    init(_ kind: Kind) {
        let name =
            switch kind {
            case .rsa: "RSA"
            case .p256, .p384: "EC"
            case .ed25519: "ED25519"
            }
        let context = EVP_PKEY_CTX_new_from_name(nil, name, nil)
        defer { EVP_PKEY_CTX_free(context) }
        precondition(EVP_PKEY_keygen_init(context) == 1)
        switch kind {
        case .rsa(let bits): precondition(EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) == 1)
        case .p256: precondition(EVP_PKEY_CTX_set_group_name(context, "P-256") == 1)
        case .p384: precondition(EVP_PKEY_CTX_set_group_name(context, "P-384") == 1)
        case .ed25519: break
        }
        var key: OpaquePointer?
        guard EVP_PKEY_generate(context, &key) == 1, let key else { preconditionFailure("libcrypto made no key") }
        self.kind = kind
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    static let rsa = TestKey(.rsa(bits: 2048))
    static let otherRSA = TestKey(.rsa(bits: 2048))
    static let p256 = TestKey(.p256)
    static let p384 = TestKey(.p384)
    static let ed25519 = TestKey(.ed25519)

    static func of(_ algorithm: SignatureAlgorithm) -> TestKey {
        switch algorithm {
        case .rs256, .ps256: rsa
        case .es256: p256
        case .es384: p384
        case .eddsa: ed25519
        }
    }

    /// The signature in the form that JOSE gives it.
    func sign(_ message: [UInt8], _ algorithm: SignatureAlgorithm) -> [UInt8] {
        let digest = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(digest) }
        var operation: OpaquePointer?
        let hash: String? =
            switch algorithm {
            case .rs256, .ps256, .es256: "SHA256"
            case .es384: "SHA384"
            case .eddsa: nil
            }
        precondition(EVP_DigestSignInit_ex(digest, &operation, hash, nil, nil, key, nil) == 1)
        if algorithm == .ps256 {
            precondition(EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING) == 1)
            precondition(EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, RSA_PSS_SALTLEN_DIGEST) == 1)
        }
        var count = 0
        precondition(EVP_DigestSign(digest, nil, &count, message, message.count) == 1)
        var signature = [UInt8](repeating: 0, count: count)
        precondition(EVP_DigestSign(digest, &signature, &count, message, message.count) == 1)
        signature.removeLast(signature.count - count)
        switch kind {
        case .p256: return Self.joined(signature, integerBytes: 32)
        case .p384: return Self.joined(signature, integerBytes: 48)
        case .rsa, .ed25519: return signature
        }
    }

    private static func joined(_ der: [UInt8], integerBytes: Int) -> [UInt8] {
        der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            let parsed = d2i_ECDSA_SIG(nil, &start, buffer.count)
            defer { ECDSA_SIG_free(parsed) }
            return padded(ECDSA_SIG_get0_r(parsed), integerBytes) + padded(ECDSA_SIG_get0_s(parsed), integerBytes)
        }
    }

    private static func padded(_ number: OpaquePointer?, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(BN_bn2binpad(number, &bytes, Int32(count)) == Int32(count))
        return bytes
    }

    private func number(_ name: String, _ count: Int) -> String {
        var number: OpaquePointer?
        precondition(EVP_PKEY_get_bn_param(key, name, &number) == 1)
        defer { BN_free(number) }
        return base64URL(Self.padded(number, count))
    }

    /// The members of the public JWK that describe the key, without `kid`, `alg` and `use`.
    var jwkMembers: [String: String] {
        switch kind {
        case .rsa(let bits): return ["kty": "RSA", "n": number("n", bits / 8), "e": "AQAB"]
        case .p256: return ["kty": "EC", "crv": "P-256", "x": number("qx", 32), "y": number("qy", 32)]
        case .p384: return ["kty": "EC", "crv": "P-384", "x": number("qx", 48), "y": number("qy", 48)]
        case .ed25519:
            var point = [UInt8](repeating: 0, count: 32)
            var count = 32
            precondition(EVP_PKEY_get_raw_public_key(key, &point, &count) == 1)
            return ["kty": "OKP", "crv": "Ed25519", "x": base64URL(point)]
        }
    }

    /// The private exponent, to put where it must not be.
    var privateNumber: String { number("d", 256) }

    /// The public JWK as JSON; members given replace or add, nil removes.
    func jwk(kid: String? = "key-1", _ changes: [String: String?] = [:]) -> String {
        var members = jwkMembers
        members["kid"] = kid
        for (name, value) in changes { members[name] = value }
        let texts = members.sorted { $0.key < $1.key }.map { name, value in
            value.hasPrefix("[") || value.hasPrefix("{") ? "\"\(name)\":\(value)" : "\"\(name)\":\"\(value)\""
        }
        return "{" + texts.joined(separator: ",") + "}"
    }
}

/// A JWK set of those keys.
func jwks(_ keys: String...) -> [UInt8] {
    Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)
}

func base64URL(_ bytes: some Collection<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".unicodeScalars)
    var text = String.UnicodeScalarView()
    var word: UInt32 = 0
    var bits = 0
    for byte in bytes {
        word = word << 8 | UInt32(byte)
        bits += 8
        while bits >= 6 {
            bits -= 6
            text.append(alphabet[Int(word >> UInt32(bits) & 63)])
        }
    }
    if bits > 0 { text.append(alphabet[Int(word << UInt32(6 - bits) & 63)]) }
    return String(text)
}
