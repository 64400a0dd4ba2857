import Crypto

/// HKDF-Expand-SHA256 (RFC 5869) under one key, for 32 bytes of output: one HMAC over the information and the byte 1.
///
/// The key is 32 random bytes, so there is nothing to extract first (RFC 5869, 3.3). HMAC is put together here from its two hash
/// states (RFC 2104), because swift-crypto's own initialiser copies the key into arrays that nobody wipes. Hash states are wiped
/// when they are released.
struct SubkeyDeriver: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    init(_ key: KeyBytes) {
        inner = Self.state(key, pad: 0x36)
        outer = Self.state(key, pad: 0x5C)
    }

    /// The state after one block of the padded key, which is never whole in memory but in the hash state itself.
    private static func state(_ key: KeyBytes, pad: UInt8) -> SHA256 {
        var hash = SHA256()
        func absorb(_ byte: UInt8) {
            withUnsafeBytes(of: byte ^ pad) { hash.update(bufferPointer: $0) }
        }
        key.key.withUnsafeBytes { for byte in $0 { absorb(byte) } }
        for _ in KeyBytes.byteCount..<SHA256.blockByteCount { absorb(0) }
        return hash
    }

    /// The subkey for some information.
    func subkey(for information: [UInt8]) -> SymmetricKey {
        var inner = inner
        information.withUnsafeBytes { inner.update(bufferPointer: $0) }
        withUnsafeBytes(of: 1 as UInt8) { inner.update(bufferPointer: $0) }
        var outer = outer
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        return SymmetricKey(data: outer.finalize())
    }
}
