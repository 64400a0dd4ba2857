import Synchronization

/// A replay cache of one node, for `store: memory`: bounded, and full rather than forgetful.
package final class MemoryReplayCache: ReplayCache {
    private struct Proof: Hashable {
        /// Bytes, for texts that look the same are not.
        let scope: [UInt8]
        let digest: [UInt8]
    }

    private struct State {
        var expiries: [Proof: Int64] = [:]
        /// Proofs by the second in which they expire.
        var expiringAt: [Int64: [Proof]] = [:]
        var sweptSecond: Int64?

        /// Takes out what expired in seconds that are over; each proof is looked at once.
        mutating func sweep(now: Int64) {
            let second = now / 1_000_000_000
            guard let swept = sweptSecond else {
                sweptSecond = second
                return
            }
            guard swept < second else { return }
            // After a long pause fewer seconds hold proofs than have passed.
            let over =
                second - swept <= Int64(expiringAt.count)
                ? Array(swept..<second) : expiringAt.keys.filter { $0 < second }
            for place in over {
                for proof in expiringAt.removeValue(forKey: place) ?? [] {
                    if let expiry = expiries[proof], expiry <= now { expiries[proof] = nil }
                }
            }
            sweptSecond = second
        }
    }

    private let entriesMax: Int
    private let nowNanoseconds: @Sendable () -> Int64
    private let state = Mutex(State())

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - entriesMax: the most proofs; when it is full of live ones, it answers `unavailable` and forgets none.
    ///   - nowNanoseconds: a monotonic clock.
    package init(entriesMax: Int = 200_000, nowNanoseconds: @escaping @Sendable () -> Int64) {
        self.entriesMax = entriesMax
        self.nowNanoseconds = nowNanoseconds
    }

    /// How many proofs are remembered.
    package var count: Int { state.withLock { $0.expiries.count } }

    package func firstUse(
        of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64
    ) async -> ReplayVerdict {
        guard digest.count <= ReplayLimits.bytesMax, scope.utf8.count <= ReplayLimits.bytesMax else {
            return .unavailable
        }
        let now = nowNanoseconds()
        let milliseconds = min(max(timeToLiveMilliseconds, 1), ReplayLimits.timeToLiveMillisecondsMax)
        let expiresAt = now + milliseconds * 1_000_000
        let proof = Proof(scope: Array(scope.utf8), digest: digest)
        return state.withLock { state in
            state.sweep(now: now)
            if let known = state.expiries[proof], known > now { return .replayed }
            guard state.expiries.count < entriesMax else { return .unavailable }
            state.expiries[proof] = expiresAt
            state.expiringAt[expiresAt / 1_000_000_000, default: []].append(proof)
            return .first
        }
    }
}
