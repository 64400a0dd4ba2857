import Crypto
package import Identity
import Synchronization

/// The replay cache of the whole cluster: one key for each proof, which Redis forgets when the proof's time is over.
///
/// Each event loop asks by its own client, see ``asking(_:)``, so that no proof waits for another thread; what is counted, and
/// whether Redis answers, is one for all of them.
package final class RedisReplayCache: ReplayCache {
    /// How often it said what.
    package struct Figures: Sendable, Hashable {
        /// Proofs that were new.
        package var first = 0
        /// Proofs that were used before.
        package var replayed = 0
        /// Proofs of which Redis did not say, those included that it was not asked about.
        package var unavailable = 0
        /// Of them those that it was not asked about, because it had not answered others.
        package var skipped = 0
    }

    /// What the caches of all event loops have together.
    private final class Common: Sendable {
        let counted = Mutex(Figures())
        let breakers: Mutex<ReplayBreakers>

        init(breakerCount: Int) { breakers = Mutex(ReplayBreakers(count: breakerCount)) }
    }

    private let commands: any RedisCommands
    private let names: KeyNames
    private let timeoutMilliseconds: Int64
    private let around: StoreSurroundings
    private let common: Common

    /// Makes a cache.
    ///
    /// - Parameters:
    ///   - timeoutMilliseconds: how long an answer may take: a request waits for it, before anything of it is known but who sends it.
    ///   - isCluster: whether keys live on several masters, of which one may be away.
    package convenience init(
        commands: any RedisCommands, names: KeyNames = KeyNames(), timeoutMilliseconds: Int64, isCluster: Bool = false,
        surroundings: StoreSurroundings
    ) {
        self.init(
            commands, names, timeoutMilliseconds, surroundings, Common(breakerCount: isCluster ? 16 : 1))
    }

    private init(
        _ commands: any RedisCommands, _ names: KeyNames, _ timeoutMilliseconds: Int64, _ around: StoreSurroundings,
        _ common: Common
    ) {
        self.commands = commands
        self.names = names
        self.timeoutMilliseconds = timeoutMilliseconds
        self.around = around
        self.common = common
    }

    /// The same cache, asked by another client: that of the event loop on which the proofs arrive.
    package func asking(_ commands: any RedisCommands) -> RedisReplayCache {
        RedisReplayCache(commands, names, timeoutMilliseconds, around, common)
    }

    /// How often it said what, for metrics.
    package var figures: Figures { common.counted.withLock { $0 } }

    package func firstUse(
        of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64
    ) async -> ReplayVerdict {
        let verdict = await ask(digest, scope, timeToLiveMilliseconds)
        common.counted.withLock { figures in
            switch verdict {
            case .first: figures.first += 1
            case .replayed: figures.replayed += 1
            case .unavailable: figures.unavailable += 1
            }
        }
        return verdict
    }

    private func ask(_ digest: [UInt8], _ scope: String, _ timeToLiveMilliseconds: Int64) async -> ReplayVerdict {
        guard digest.count <= ReplayLimits.bytesMax, scope.utf8.count <= ReplayLimits.bytesMax else {
            return .unavailable
        }
        let milliseconds = min(max(timeToLiveMilliseconds, 1), ReplayLimits.timeToLiveMillisecondsMax)
        let key = key(digest, scope)
        let slot = SlotHash.slot(of: key)
        let asked = around.nowNanoseconds()
        let (place, turn) = common.breakers.withLock { breakers in
            let place = breakers.place(slot: slot)
            return (place, breakers.turn(at: place, nowNanoseconds: asked))
        }
        guard turn != .skip else {
            common.counted.withLock { $0.skipped += 1 }
            return .unavailable
        }
        let reply = await send(key, milliseconds)
        let (now, jitter) = (around.nowNanoseconds(), around.jitter())
        common.breakers.withLock {
            $0.ended(
                turn, at: place, answered: Self.isAnswer(reply), jitter: jitter, askedNanoseconds: asked,
                nowNanoseconds: now)
        }
        switch reply {
        case .success(.status("OK")): return .first
        case .success(.null): return .replayed
        // No reply does not mean that it was not remembered: a second try could call a first use a replay, so none is
        // made here.
        case .success, .failure: return .unavailable
        }
    }

    private func send(_ key: [UInt8], _ milliseconds: Int64) async -> Result<RedisValue, RedisFailure> {
        let words = ["SET", nil, "1", "NX", "PX", "\(milliseconds)"].map { $0.map { Array($0.utf8) } ?? key }
        return await commands.send(RedisCommand(words, key: key, timeoutMilliseconds: timeoutMilliseconds))
    }

    /// Whether Redis said anything in time; what it refuses costs nobody time.
    private static func isAnswer(_ reply: Result<RedisValue, RedisFailure>) -> Bool {
        switch reply {
        case .success, .failure(.refused), .failure(.unexpectedReply): true
        case .failure: false
        }
    }

    /// A hash of lengths and texts, so that no two proofs share a key and none can name another (S21).
    private func key(_ digest: [UInt8], _ scope: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("\(scope.utf8.count):\(scope)\(digest.count):".utf8))
        hash.update(data: digest)
        return names.key(tag: HexText.text(of: hash.finalize().prefix(16)), "replay")
    }
}
