import IntentProtocol

/// One key of a key set as it stands there (RFC 7517, RFC 7518 section 6, RFC 8037), checked.
struct JSONWebKey {
    let keyID: [UInt8]?
    let material: PublicKeyMaterial
    /// The algorithms that type, curve and `alg` leave.
    let algorithms: [SignatureAlgorithm]

    /// The private members of every key type (RFC 7518 section 6, RFC 8037 section 2).
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Reads a key.
    ///
    /// - Returns: nil for a key that is not for signatures, or of a type or algorithm that nothing here uses.
    init?(_ members: JSONObject) throws(KeyFault) {
        if let name = Self.privateMembers.first(where: { members[$0] != nil }) {
            // Whoever can read the set can sign with this key; using it would make that invisible.
            throw KeyFault("it has the private member '\(name)'; publish public keys only")
        }
        guard Self.isForSignatures(members) else { return nil }
        guard let type = try Self.string("kty", in: members) else { throw KeyFault("it has no 'kty'") }
        let algorithm = try Self.string("alg", in: members)
        guard try Self.allowsVerification(members), let material = try Self.material(type, members) else { return nil }
        if let algorithm {
            guard let known = SignatureAlgorithm(rawValue: algorithm) else { return nil }
            guard material.algorithms.contains(known) else {
                throw KeyFault("its 'alg' \(known.rawValue) does not fit its type")
            }
            algorithms = [known]
        } else {
            algorithms = material.algorithms
        }
        keyID = try Self.keyID(in: members)
        self.material = material
    }

    /// Whether `use` is absent or for signatures; anything else that is not a string is told when the key is read.
    static func isForSignatures(_ members: JSONObject) -> Bool {
        guard let use = members["use"] else { return true }
        return use.stringValue == "sig"
    }

    /// The key as it is used, once for each algorithm.
    func entries() throws(KeyFault) -> [KeySet.Entry] {
        var entries: [KeySet.Entry] = []
        for algorithm in algorithms {
            let verifier = try SignatureVerifier(algorithm, key: material)
            entries.append(KeySet.Entry(keyID: keyID, material: material, verifier: verifier))
        }
        return entries
    }

    private static func keyID(in members: JSONObject) throws(KeyFault) -> [UInt8]? {
        guard let id = try string("kid", in: members) else { return nil }
        let bytes = Array(id.utf8)
        guard KeyIdentifier.isAllowed(bytes) else {
            throw KeyFault("its 'kid' is longer than 128 bytes or has characters beyond A-Z a-z 0-9 . _ ~ + / = -")
        }
        return bytes
    }

    private static func allowsVerification(_ members: JSONObject) throws(KeyFault) -> Bool {
        guard let operations = members["key_ops"] else { return true }
        guard case .array(let names) = operations else { throw KeyFault("its 'key_ops' is not a list") }
        return names.contains { $0.stringValue == "verify" }
    }

    private static func material(_ type: String, _ members: JSONObject) throws(KeyFault) -> PublicKeyMaterial? {
        switch type {
        case "RSA": return try rsa(members)
        case "EC":
            switch try string("crv", in: members) {
            case "P-256": return try point(.p256, coordinateBytes: 32, members)
            case "P-384": return try point(.p384, coordinateBytes: 48, members)
            default: return nil
            }
        case "OKP":
            guard try string("crv", in: members) == "Ed25519" else { return nil }
            return .ed25519(try bytes("x", count: 32, in: members))
        default: return nil
        }
    }

    private static func rsa(_ members: JSONObject) throws(KeyFault) -> PublicKeyMaterial {
        let modulus = Array(try bytes("n", in: members).drop { $0 == 0 })
        let exponent = try bytes("e", in: members).drop { $0 == 0 }
        let bits = modulus.isEmpty ? 0 : modulus.count * 8 - modulus[0].leadingZeroBitCount
        guard (2048...8192).contains(bits) else { throw KeyFault("its RSA modulus has \(bits) bits, not 2048 to 8192") }
        guard exponent.elementsEqual([1, 0, 1]) else { throw KeyFault("its RSA exponent is not 65537") }
        return .rsa(modulus: modulus)
    }

    private static func point(
        _ curve: PublicKeyMaterial.Curve, coordinateBytes: Int, _ members: JSONObject
    ) throws(KeyFault) -> PublicKeyMaterial {
        .ellipticCurve(
            curve, x: try bytes("x", count: coordinateBytes, in: members),
            y: try bytes("y", count: coordinateBytes, in: members))
    }

    private static func string(_ name: String, in members: JSONObject) throws(KeyFault) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.stringValue else { throw KeyFault("its '\(name)' is not a string") }
        return text
    }

    private static func bytes(_ name: String, count: Int? = nil, in members: JSONObject) throws(KeyFault) -> [UInt8] {
        guard let text = try string(name, in: members) else { throw KeyFault("it has no '\(name)'") }
        guard let bytes = Base64URL.decode(text) else { throw KeyFault("its '\(name)' is not base64url") }
        if let count, bytes.count != count { throw KeyFault("its '\(name)' has \(bytes.count) bytes, not \(count)") }
        return bytes
    }
}
