import Synchronization

/// A replay cache of one node, for `store: memory`: bounded, and full rather than forgetful.
///
/// No use of it waits long for another: a proof that comes takes out a few that have expired, and what must grow is cut into
/// parts of which one grows at a time.
package final class MemoryReplayCache: ReplayCache {
    /// The most proofs unless said otherwise: 12,000 a second over the 60 seconds for which EMCL remembers a message that was
    /// sent now, and the second in which it goes. Each takes 80 to 125 bytes, and none takes memory before it comes.
    package static let entriesMaxDefault = 740_000

    private let entriesMax: Int
    private let nowNanoseconds: @Sendable () -> Int64
    private let state = Mutex(ReplayMemory())

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - entriesMax: the most proofs; when it is full of live ones, it answers `unavailable` and forgets none.
    ///   - nowNanoseconds: a monotonic clock.
    package init(
        entriesMax: Int = MemoryReplayCache.entriesMaxDefault, nowNanoseconds: @escaping @Sendable () -> Int64
    ) {
        self.entriesMax = min(entriesMax, ReplayProof.scopesMax)
        self.nowNanoseconds = nowNanoseconds
    }

    /// How many proofs are remembered; takes out all that have expired, which may take long.
    package var count: Int {
        let now = nowNanoseconds()
        return state.withLock { memory in
            memory.sweep(atMost: .max, nowNanoseconds: now)
            return memory.count
        }
    }

    package func firstUse(of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64) async -> ReplayVerdict {
        verdict(on: digest, scope: scope, timeToLiveMilliseconds: timeToLiveMilliseconds)
    }

    package func firstUseAtOnce(of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64) -> ReplayVerdict? {
        verdict(on: digest, scope: scope, timeToLiveMilliseconds: timeToLiveMilliseconds)
    }

    /// The same, at once.
    package func verdict(on digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64) -> ReplayVerdict {
        guard digest.count <= ReplayLimits.bytesMax, scope.utf8.count <= ReplayLimits.bytesMax else {
            return .unavailable
        }
        let content = ReplayProof.Content(digest)
        let hash = content.hash
        let milliseconds = min(max(timeToLiveMilliseconds, 1), ReplayLimits.timeToLiveMillisecondsMax)
        let now = nowNanoseconds()
        return state.withLock { memory in
            memory.use(
                content, hash, scope: scope, expiresAt: now + milliseconds * 1_000_000, entriesMax: entriesMax,
                nowNanoseconds: now)
        }
    }
}
