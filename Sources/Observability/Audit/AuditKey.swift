import Crypto

/// The secret that the chains of a node are hashed with, or the lack of one.
///
/// Each chain has a key of its own, derived by HKDF-SHA256 from the secret with the chain's id as salt and the node's
/// name in the info: a record of one node or chain never verifies as one of another.
package struct AuditKey: Sendable {
    /// A secret that is shorter could be guessed.
    package static let bytesMin = 32
    /// Without a secret: whoever can write to the log can also make it consistent again.
    package static let none = AuditKey(secret: nil, id: nil)

    private let secret: SymmetricKey?
    /// Tells keys apart and says nothing about them: 16 hexadecimal digits; nil without a secret.
    package let id: String?

    private init(secret: SymmetricKey?, id: String?) {
        self.secret = secret
        self.id = id
    }

    /// Takes a secret of at least ``bytesMin`` bytes; line ends behind it are an editor's and are left out.
    package init?(_ bytes: some Collection<UInt8>) {
        var bytes = Array(bytes)
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard bytes.count >= Self.bytesMin else { return nil }
        let secret = SymmetricKey(data: bytes)
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: secret, info: Array("intentusnet audit key id".utf8), outputByteCount: 8)
        let digits = derived.withUnsafeBytes { bytes in
            bytes.flatMap { [$0 >> 4, $0 & 0xF] }.map { String($0, radix: 16) }
        }
        self.init(secret: secret, id: digits.joined())
    }

    /// How the records of a chain are hashed.
    func digest(node: String, chain: String) -> AuditDigest {
        guard let secret else { return AuditDigest(key: nil) }
        return AuditDigest(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret, salt: Array(chain.utf8), info: Array("intentusnet audit 1 \(node)".utf8),
                outputByteCount: 32))
    }
}

/// The hash of one chain: HMAC-SHA256 over the former record's hash and the record, or SHA-256 where there is no key.
struct AuditDigest: Sendable {
    /// HMAC by its definition (RFC 2104), with the key taken in already: each record begins with copies of both.
    private let keyed: (inner: SHA256, outer: SHA256)?

    init(key: SymmetricKey?) {
        keyed = key.map { key in
            var (inner, outer) = (SHA256(), SHA256())
            key.withUnsafeBytes { bytes in
                // A derived key is never longer than a block, so it is not hashed first.
                let block = Array(bytes) + [UInt8](repeating: 0, count: max(0, SHA256.blockByteCount - bytes.count))
                inner.update(data: block.map { $0 ^ 0x36 })
                outer.update(data: block.map { $0 ^ 0x5C })
            }
            return (inner, outer)
        }
    }

    var algorithm: StaticString { keyed == nil ? "sha256" : "hmac-sha256" }

    func hash(after previous: AuditHash, _ body: UnsafeRawBufferPointer) -> AuditHash {
        var hash = keyed?.inner ?? SHA256()
        previous.withBytes { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: body)
        let inner = hash.finalize()
        guard var outer = keyed?.outer else { return inner.withUnsafeBytes(AuditHash.init) }
        inner.withUnsafeBytes { outer.update(bufferPointer: $0) }
        return outer.finalize().withUnsafeBytes(AuditHash.init)
    }
}
