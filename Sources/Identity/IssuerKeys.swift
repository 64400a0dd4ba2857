import Synchronization

/// The keys of one issuer as they are now, shared by the requests and by the task that refreshes them.
final class IssuerKeys: Sendable {
    private struct State {
        var keySet: KeySet?
        var unknown = UnknownKeyIDs()
        var retryAfterSeconds = 1
    }

    private let state = Mutex(State())
    private let generations = Atomic<UInt64>(0)

    /// Changes with the keys; a token verified with keys of another generation must be verified again.
    var generation: UInt64 { generations.load(ordering: .acquiring) }

    /// The keys, and their generation as it was before they were read, so that it can only be too old.
    func current() -> (keySet: KeySet?, generation: UInt64) {
        let generation = generation
        return (state.withLock { $0.keySet }, generation)
    }

    /// Whether the issuer is known to have no such key; if not, the next fetch will answer for it.
    func isAbsent(_ keyID: [UInt8], nowSeconds: Int64) -> Bool {
        state.withLock { $0.unknown.isAbsent(keyID, nowSeconds: nowSeconds) }
    }

    func fetchBegins() {
        state.withLock { $0.unknown.fetchBegins() }
    }

    /// A failed fetch leaves the keys as they are.
    func fetchFailed(retryAfterSeconds: Int) {
        state.withLock {
            $0.unknown.fetchEnded(nil)
            $0.retryAfterSeconds = max(retryAfterSeconds, 1)
        }
    }

    func replace(_ keySet: KeySet) {
        state.withLock { state in
            state.unknown.fetchEnded(keySet)
            put(keySet, &state)
        }
    }

    /// Keys that the issuer served before they were asked for: they say which ids there are, not which there are not.
    func adopt(_ keySet: KeySet, endsFetch: Bool) {
        state.withLock { state in
            if endsFetch { state.unknown.fetchEnded(nil) }
            state.unknown.arePresent(in: keySet)
            put(keySet, &state)
        }
    }

    private func put(_ keySet: KeySet, _ state: inout State) {
        // The same keys again, as most fetches bring, leave verified tokens verified.
        if let old = state.keySet, old.hasSameKeys(as: keySet) { return }
        state.keySet = keySet
        generations.add(1, ordering: .releasing)
    }

    func withdraw() {
        state.withLock {
            $0.keySet = nil
            generations.add(1, ordering: .releasing)
        }
    }

    /// How long a caller should wait when there are no keys.
    var retryAfterSeconds: Int { state.withLock { $0.retryAfterSeconds } }

    /// How many keys can be used now.
    var keyCount: Int { state.withLock { $0.keySet?.count ?? 0 } }
}
