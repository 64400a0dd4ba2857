import IntentProtocol

/// The public keys of one issuer, ready to verify.
package struct KeySet: Sendable {
    /// One key with one algorithm it may be used for.
    struct Entry: Sendable {
        let keyID: [UInt8]?
        let material: PublicKeyMaterial
        let verifier: SignatureVerifier
    }

    /// What was found for a token's key id and algorithm.
    enum Match {
        case key(SignatureVerifier)
        /// No key of that id, which a newer set may have.
        case unknownKeyID
        /// There are keys, and none fits; a newer set is not to be hoped for.
        case unfit
    }

    let entries: [Entry]
    /// How many keys can be used.
    package let count: Int
    /// Which keys were left out and why, for the log; encryption keys are not worth a word.
    package let rejections: [String]

    /// The most bytes of a key set.
    package static let bytesMax = 512 << 10
    /// The most keys of a key set.
    package static let keysMax = 64

    /// Reads a JWK set (RFC 7517).
    ///
    /// Keys for encryption and of types that no allowed algorithm uses are left out, as is every key that is not what it
    /// should be: private, weak, malformed, or with a key id that no token may name.
    ///
    /// - Throws: ``KeySetError`` when the set is too large or malformed, names a key twice, or has no usable key.
    package init(parsingJWKS bytes: [UInt8]) throws(KeySetError) {
        guard bytes.count <= Self.bytesMax else { throw .tooLarge("it has more than \(Self.bytesMax) bytes") }
        let keys = try Self.keys(in: bytes)
        guard keys.count <= Self.keysMax else { throw .tooLarge("it has \(keys.count) keys, at most \(Self.keysMax)") }
        var entries: [Entry] = []
        var rejections: [String] = []
        var keyIDs: Set<[UInt8]> = []
        var count = 0
        for (index, key) in keys.enumerated() {
            guard case .object(let members) = key else { throw .malformed("keys[\(index)] is not an object") }
            if let id = members["kid"]?.stringValue, JSONWebKey.isForSignatures(members),
                !keyIDs.insert(Array(id.utf8)).inserted
            {
                throw .duplicateKeyID(KeyIdentifier.isAllowed(Array(id.utf8)) ? id : "(not printable)")
            }
            do throws(KeyFault) {
                guard let webKey = try JSONWebKey(members) else { continue }
                entries += try webKey.entries()
                count += 1
            } catch {
                rejections.append("keys[\(index)]: \(error.problem)")
            }
        }
        guard count > 0 else { throw .noUsableKey(rejections.joined(separator: "; ")) }
        self.entries = entries
        self.count = count
        self.rejections = rejections
    }

    private static func keys(in bytes: [UInt8]) throws(KeySetError) -> [JSONValue] {
        let document: JSONValue
        do throws(JSONSyntaxError) {
            document = try JSONValue(parsing: bytes)
        } catch {
            throw .malformed(error.message)
        }
        guard case .object(let set) = document else { throw .malformed("it is not a JSON object") }
        guard case .array(let keys)? = set["keys"] else { throw .malformed("it has no list 'keys'") }
        return keys
    }

    /// The key for a token's `kid` and algorithm; without `kid` only a key that is alone in fitting the algorithm.
    func match(keyID: UnsafeRawBufferPointer?, _ algorithm: SignatureAlgorithm) -> Match {
        guard let keyID else {
            let fitting = entries.indices.filter { entries[$0].verifier.algorithm == algorithm }
            return fitting.count == 1 ? .key(entries[fitting[0]].verifier) : .unfit
        }
        var isKnown = false
        for index in entries.indices {
            guard let id = entries[index].keyID, keyID.equals(id) else { continue }
            if entries[index].verifier.algorithm == algorithm { return .key(entries[index].verifier) }
            isKnown = true
        }
        return isKnown ? .unfit : .unknownKeyID
    }

    /// Whether both hold the same keys under the same ids for the same algorithms, in whatever order.
    package func hasSameKeys(as other: KeySet) -> Bool {
        identity == other.identity
    }

    private struct Identity: Hashable {
        let keyID: [UInt8]?
        let algorithm: SignatureAlgorithm
        let material: PublicKeyMaterial
    }

    private var identity: Set<Identity> {
        Set(entries.map { Identity(keyID: $0.keyID, algorithm: $0.verifier.algorithm, material: $0.material) })
    }
}
