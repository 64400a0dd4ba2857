import COpenSSL
import Synchronization

/// Verifies signatures of one algorithm with one public key, by libcrypto.
///
/// Making an operation context costs a good part of what the verification of an RSA signature costs, so contexts are kept and lent to
/// one caller at a time.
// @unchecked: `key` is set once and never changed, libcrypto lets threads share a public EVP_PKEY (it counts references
// and locks what it caches), and everything else sits in a Mutex.
final class SignatureVerifier: @unchecked Sendable {
    let algorithm: SignatureAlgorithm
    private let key: OpaquePointer
    private let idle: Mutex<[VerificationContext]>

    /// As many contexts as threads may run at once on a large machine; more are made and dropped when needed.
    private static let idleMax = 64

    /// - Throws: ``KeyFault`` when libcrypto does not take the key.
    init(_ algorithm: SignatureAlgorithm, key material: PublicKeyMaterial) throws(KeyFault) {
        self.algorithm = algorithm
        let key = try PublicKeyBuilder.make(material)
        guard let first = VerificationContext(key: key, algorithm: algorithm) else {
            EVP_PKEY_free(key)
            throw KeyFault("libcrypto does not verify \(algorithm.rawValue) with it")
        }
        self.key = key
        idle = Mutex([first])
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// Whether the signature, in the form that JOSE gives it, is the key's over the message.
    func verifies(_ signature: UnsafeRawBufferPointer, over message: UnsafeRawBufferPointer) -> Bool {
        guard let context = idle.withLock({ $0.popLast() }) ?? VerificationContext(key: key, algorithm: algorithm)
        else { return false }
        let holds = context.verifies(signature, over: message)
        idle.withLock { if $0.count < Self.idleMax { $0.append(context) } }
        return holds
    }
}

/// A prepared operation of libcrypto: the digest and the verification with one key.
// @unchecked: the pool lends a context to one caller at a time and forgets it while it is lent.
private final class VerificationContext: @unchecked Sendable {
    private let algorithm: SignatureAlgorithm
    private let key: OpaquePointer
    private let digest: OpaquePointer
    /// nil for Ed25519, which has no separate digest and is verified in one piece.
    private let operation: OpaquePointer?

    /// nil when libcrypto lacks the memory or the algorithm.
    init?(key: OpaquePointer, algorithm: SignatureAlgorithm) {
        guard let digest = EVP_MD_CTX_new() else { return nil }
        var operation: OpaquePointer?
        if algorithm != .eddsa {
            operation = EVP_PKEY_CTX_new_from_pkey(nil, key, nil)
            guard let operation, Self.prepare(operation, digest, algorithm) else {
                EVP_PKEY_CTX_free(operation)
                EVP_MD_CTX_free(digest)
                ERR_clear_error()
                return nil
            }
        }
        EVP_PKEY_up_ref(key)
        self.algorithm = algorithm
        self.key = key
        self.digest = digest
        self.operation = operation
    }

    deinit {
        EVP_PKEY_CTX_free(operation)
        EVP_MD_CTX_free(digest)
        EVP_PKEY_free(key)
    }

    private static func prepare(
        _ operation: OpaquePointer, _ digest: OpaquePointer, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard let method = EVP_MD_fetch(nil, algorithm == .es384 ? "SHA384" : "SHA256", nil) else { return false }
        // The digest context holds its own reference.
        defer { EVP_MD_free(method) }
        guard EVP_PKEY_verify_init(operation) == 1, EVP_DigestInit_ex2(digest, method, nil) == 1 else { return false }
        switch algorithm {
        case .rs256:
            guard EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PADDING) == 1 else { return false }
        case .ps256:
            guard EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_mgf1_md(operation, method) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        case .es256, .es384, .eddsa: break
        }
        return EVP_PKEY_CTX_set_signature_md(operation, method) == 1
    }

    func verifies(_ signature: UnsafeRawBufferPointer, over message: UnsafeRawBufferPointer) -> Bool {
        let holds =
            switch algorithm {
            case .rs256, .ps256: verifiesDigest(signature, over: message)
            case .es256: verifiesRaw(signature, integerBytes: 32, over: message)
            case .es384: verifiesRaw(signature, integerBytes: 48, over: message)
            case .eddsa: verifiesWhole(signature, over: message)
            }
        // What a refused signature leaves in the thread's error queue belongs to nobody.
        if !holds { ERR_clear_error() }
        return holds
    }

    private func verifiesDigest(_ signature: UnsafeRawBufferPointer, over message: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { hash in
            var count: UInt32 = 0
            // A nil method starts anew with the one set when the context was prepared.
            guard EVP_DigestInit_ex2(digest, nil, nil) == 1,
                EVP_DigestUpdate(digest, message.baseAddress, message.count) == 1,
                EVP_DigestFinal_ex(digest, hash.baseAddress, &count) == 1
            else { return false }
            let bytes = signature.assumingMemoryBound(to: UInt8.self)
            return EVP_PKEY_verify(operation, bytes.baseAddress, bytes.count, hash.baseAddress, Int(count)) == 1
        }
    }

    /// JOSE joins r and s at full width (RFC 7518 section 3.4); libcrypto wants them as DER.
    private func verifiesRaw(
        _ signature: UnsafeRawBufferPointer, integerBytes: Int, over message: UnsafeRawBufferPointer
    ) -> Bool {
        guard signature.count == 2 * integerBytes else { return false }
        return withUnsafeTemporaryAllocation(byteCount: 2 * integerBytes + 8, alignment: 1) { der in
            var end = 2
            end = Self.appendInteger(signature.part(0..<integerBytes), to: der, at: end)
            end = Self.appendInteger(signature.part(integerBytes..<2 * integerBytes), to: der, at: end)
            der[0] = 0x30
            der[1] = UInt8(end - 2)
            return verifiesDigest(UnsafeRawBufferPointer(rebasing: der[..<end]), over: message)
        }
    }

    /// Writes a DER INTEGER in its shortest form; at most 50 bytes, so every length fits one byte.
    private static func appendInteger(
        _ magnitude: UnsafeRawBufferPointer, to der: UnsafeMutableRawBufferPointer, at start: Int
    ) -> Int {
        var first = 0
        while first < magnitude.count - 1, magnitude[first] == 0 { first += 1 }
        let needsSign = magnitude[first] & 0x80 != 0
        let count = magnitude.count - first + (needsSign ? 1 : 0)
        der[start] = 0x02
        der[start + 1] = UInt8(count)
        var end = start + 2
        if needsSign {
            der[end] = 0
            end += 1
        }
        for index in first..<magnitude.count {
            der[end] = magnitude[index]
            end += 1
        }
        return end
    }

    private func verifiesWhole(_ signature: UnsafeRawBufferPointer, over message: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == 64 else { return false }
        let bytes = signature.assumingMemoryBound(to: UInt8.self)
        let text = message.assumingMemoryBound(to: UInt8.self)
        guard EVP_MD_CTX_reset(digest) == 1, EVP_DigestVerifyInit_ex(digest, nil, nil, nil, nil, key, nil) == 1
        else { return false }
        return EVP_DigestVerify(digest, bytes.baseAddress, bytes.count, text.baseAddress, text.count) == 1
    }
}

/// Turns the numbers of a JWK into libcrypto's key.
private enum PublicKeyBuilder {
    static func make(_ material: PublicKeyMaterial) throws(KeyFault) -> OpaquePointer {
        defer { ERR_clear_error() }
        switch material {
        case .rsa(let modulus):
            return try rsa(modulus)
        case .ellipticCurve(let curve, let x, let y):
            return try ellipticCurve(curve, point: [0x04] + x + y)
        case .ed25519(let point):
            guard let key = EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, point, point.count) else {
                throw KeyFault("it is not an Ed25519 public key")
            }
            return key
        }
    }

    private static func rsa(_ modulus: [UInt8]) throws(KeyFault) -> OpaquePointer {
        let n = BN_bin2bn(modulus, Int32(modulus.count), nil)
        let e = BN_new()
        defer {
            BN_free(n)
            BN_free(e)
        }
        guard let n, let e, BN_set_word(e, 65_537) == 1, let builder = OSSL_PARAM_BLD_new() else {
            throw KeyFault("libcrypto has no memory for it")
        }
        defer { OSSL_PARAM_BLD_free(builder) }
        guard BN_is_odd(n) == 1, OSSL_PARAM_BLD_push_BN(builder, lasting("n"), n) == 1,
            OSSL_PARAM_BLD_push_BN(builder, lasting("e"), e) == 1
        else { throw KeyFault("its modulus is not one of an RSA key") }
        return try key("RSA", from: builder)
    }

    private static func ellipticCurve(_ curve: PublicKeyMaterial.Curve, point: [UInt8]) throws(KeyFault)
        -> OpaquePointer
    {
        guard let builder = OSSL_PARAM_BLD_new() else { throw KeyFault("libcrypto has no memory for it") }
        defer { OSSL_PARAM_BLD_free(builder) }
        let group: StaticString =
            switch curve {
            case .p256: "prime256v1"
            case .p384: "secp384r1"
            }
        // The builder keeps a pointer to the point until the parameters are made.
        return try point.withUnsafeBufferPointer { (point) throws(KeyFault) -> OpaquePointer in
            guard OSSL_PARAM_BLD_push_utf8_string(builder, lasting("group"), lasting(group), 0) == 1,
                OSSL_PARAM_BLD_push_octet_string(builder, lasting("pub"), point.baseAddress, point.count) == 1
            else { throw KeyFault("libcrypto has no memory for it") }
            let key = try key("EC", from: builder)
            let check = EVP_PKEY_CTX_new_from_pkey(nil, key, nil)
            defer { EVP_PKEY_CTX_free(check) }
            guard let check, EVP_PKEY_public_check(check) == 1 else {
                EVP_PKEY_free(key)
                throw KeyFault("its point is not on its curve")
            }
            return key
        }
    }

    /// The text where it stands in the program: the builder keeps the pointer, so that of a Swift string would be gone.
    private static func lasting(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private static func key(_ type: String, from builder: OpaquePointer) throws(KeyFault) -> OpaquePointer {
        let parameters = OSSL_PARAM_BLD_to_param(builder)
        let context = EVP_PKEY_CTX_new_from_name(nil, type, nil)
        defer {
            OSSL_PARAM_free(parameters)
            EVP_PKEY_CTX_free(context)
        }
        var key: OpaquePointer?
        // EVP_PKEY_PUBLIC_KEY, a macro of macros: the domain and other parameters (0x84) and the public key (0x02).
        let selection: Int32 = 0x86
        guard let parameters, let context, EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, selection, parameters) == 1, let key
        else { throw KeyFault("libcrypto does not take it as a public \(type) key") }
        return key
    }
}
