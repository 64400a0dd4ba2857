import Crypto
import Synchronization

/// Whom the last tokens of a client name; bounded, for a client may carry the tokens of all who call it.
///
/// Tokens are known again by their SHA-256: none is kept here that was not kept before, and no two are taken for one.
final class RecentNames: Sendable {
    /// The most tokens.
    static let entriesMax = 256
    /// Names that are longer are worked out each time; no real ones are.
    static let bytesMax = 1_024

    private struct State {
        var names: [SHA256Digest: SealedNames] = [:]
        /// In the order in which they came; the oldest is the first to leave.
        var order: [SHA256Digest] = []
        var oldest = 0
    }

    private let state = Mutex(State())

    /// How many tokens are known.
    var count: Int { state.withLock { $0.names.count } }

    /// The names of a token: those that were worked out before, or else new ones.
    func names(of token: String, _ workOut: () -> SealedNames) -> SealedNames {
        let digest = Self.digest(token)
        if let known = state.withLock({ $0.names[digest] }) { return known }
        let made = workOut()
        guard made.byteCount <= Self.bytesMax else { return made }
        state.withLock { state in
            // Another thread may have been first.
            guard state.names.updateValue(made, forKey: digest) == nil else { return }
            guard state.order.count == Self.entriesMax else { return state.order.append(digest) }
            state.names[state.order[state.oldest]] = nil
            state.order[state.oldest] = digest
            state.oldest = (state.oldest + 1) % Self.entriesMax
        }
        return made
    }

    private static func digest(_ token: String) -> SHA256Digest {
        var hash = SHA256()
        let isHashed: Void? = token.utf8.withContiguousStorageIfAvailable {
            hash.update(bufferPointer: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { hash.update(data: Array(token.utf8)) }
        return hash.finalize()
    }
}
