import Crypto
import Synchronization

/// AES-256-GCM under one key, with a nonce of twelve bytes and a tag of sixteen, in the memory where the text lies.
///
/// Preparing a context costs as much as a small message, and what swift-crypto does around each call more than the message itself: so
/// contexts of libcrypto are kept with the key, and lent to one caller at a time. They go with the last reference to the key.
final class AESGCM: Sendable {
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// Makes a context under a key; nil when libcrypto lacks the memory or the algorithm.
    typealias Preparation = @Sendable (SymmetricKey) -> CipherContext?

    /// The key that others are prepared from.
    let key: SymmetricKey
    private let idleMax: Int
    private let prepare: Preparation
    private let idle = Mutex<[CipherContext]>([])

    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - idleMax: how many contexts wait for the next caller: as many as threads meet at one key. More are made when needed, and
    ///     dropped.
    init(
        _ key: SymmetricKey, idleMax: Int = 8, prepare: @escaping Preparation = { CipherContext($0) }
    ) {
        self.key = key
        self.idleMax = idleMax
        self.prepare = prepare
    }

    /// How many contexts wait for the next caller.
    var idleCount: Int { idle.withLock { $0.count } }

    /// Encrypts all but the last sixteen bytes of the memory where they lie, and writes the tag into those.
    ///
    /// - Returns: false when libcrypto lacks the memory or the algorithm.
    func seal(
        _ memory: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer,
        authenticating header: UnsafeRawBufferPointer
    ) -> Bool {
        precondition(memory.count >= Self.tagByteCount, "the tag needs its place")
        return withContext { $0.seal(memory, nonce: nonce, authenticating: header) } ?? false
    }

    /// Decrypts all but the last sixteen bytes of the memory where they lie.
    ///
    /// - Returns: a wrong tag also where there is no whole one. Unless it is done, what the memory holds then must not be used.
    func open(
        _ memory: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer,
        authenticating header: UnsafeRawBufferPointer
    ) -> CipherOutcome {
        guard memory.count >= Self.tagByteCount else { return .wrongTag }
        return withContext { $0.open(memory, nonce: nonce, authenticating: header) } ?? .unavailable
    }

    /// Seals nothing and opens it: what libcrypto lacks is found out before a message comes.
    var isUsable: Bool {
        var tag = [UInt8](repeating: 0, count: Self.tagByteCount)
        let nonce = [UInt8](repeating: 0, count: Self.nonceByteCount)
        return tag.withUnsafeMutableBytes { tag in
            nonce.withUnsafeBytes { nonce in
                seal(tag, nonce: nonce, authenticating: nonce)
                    && open(tag, nonce: nonce, authenticating: nonce) == .done
            }
        }
    }

    /// nil when no context can be made.
    func withContext<Result>(_ body: (CipherContext) -> Result) -> Result? {
        guard let context = idle.withLock({ $0.popLast() }) ?? prepare(key) else { return nil }
        let result = body(context)
        idle.withLock { if $0.count < idleMax { $0.append(context) } }
        return result
    }
}
