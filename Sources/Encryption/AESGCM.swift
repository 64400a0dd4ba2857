import Crypto
import Synchronization

/// AES-256-GCM under one key, with a nonce of twelve bytes and a tag of sixteen, in the memory where the text lies.
///
/// Preparing a context costs as much as a small message, and what swift-crypto does around each call more than the message itself: so
/// contexts of libcrypto are kept with the key, and lent to one caller at a time. They go with the last reference to the key.
final class AESGCM: Sendable {
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// The key that others are prepared from.
    let key: SymmetricKey
    private let idle = Mutex<[CipherContext]>([])

    /// As many contexts as threads meet at one key; more are made when needed, and dropped.
    private static let idleMax = 8

    /// - Parameter key: 32 bytes.
    init(_ key: SymmetricKey) {
        self.key = key
    }

    /// Encrypts all but the last sixteen bytes of the memory where they lie, and writes the tag into those.
    ///
    /// - Returns: false when libcrypto lacks the memory or the algorithm.
    func seal(
        _ memory: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer,
        authenticating header: UnsafeRawBufferPointer
    ) -> Bool {
        guard memory.count >= Self.tagByteCount else { return false }
        return withContext { $0.seal(memory, nonce: nonce, authenticating: header) }
    }

    /// Decrypts all but the last sixteen bytes of the memory where they lie.
    ///
    /// - Returns: false when the tag is wrong or there is no whole one; what the memory holds then must not be used.
    func open(
        _ memory: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer,
        authenticating header: UnsafeRawBufferPointer
    ) -> Bool {
        guard memory.count >= Self.tagByteCount else { return false }
        return withContext { $0.open(memory, nonce: nonce, authenticating: header) }
    }

    private func withContext(_ body: (CipherContext) -> Bool) -> Bool {
        guard let context = idle.withLock({ $0.popLast() }) ?? CipherContext(key) else { return false }
        let result = body(context)
        idle.withLock { if $0.count < Self.idleMax { $0.append(context) } }
        return result
    }
}
