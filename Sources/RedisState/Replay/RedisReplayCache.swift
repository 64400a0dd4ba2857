import Crypto
package import Identity
import Synchronization

/// The replay cache of the whole cluster: one key for each proof, which Redis forgets when the proof's time is over.
package final class RedisReplayCache: ReplayCache {
    /// How often it said what.
    package struct Figures: Sendable, Hashable {
        /// Proofs that were new.
        package var first = 0
        /// Proofs that were used before.
        package var replayed = 0
        /// Proofs of which Redis did not say.
        package var unavailable = 0
    }

    private let commands: any RedisCommands
    private let names: KeyNames
    private let timeoutMilliseconds: Int64?
    private let counted = Mutex(Figures())

    /// Makes a cache.
    ///
    /// - Parameter timeoutMilliseconds: how long an answer may take; nil for the client's own bound.
    package init(commands: any RedisCommands, names: KeyNames = KeyNames(), timeoutMilliseconds: Int64? = nil) {
        self.commands = commands
        self.names = names
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// How often it said what, for metrics.
    package var figures: Figures { counted.withLock { $0 } }

    package func firstUse(
        of digest: [UInt8], scope: String, timeToLiveMilliseconds: Int64
    ) async -> ReplayVerdict {
        let verdict = await ask(digest, scope, timeToLiveMilliseconds)
        counted.withLock { figures in
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
        let words = ["SET", nil, "1", "NX", "PX", "\(milliseconds)"].map { $0.map { Array($0.utf8) } ?? key }
        let command = RedisCommand(words, key: key, timeoutMilliseconds: timeoutMilliseconds)
        switch await commands.send(command) {
        case .success(.status("OK")): return .first
        case .success(.null): return .replayed
        // No reply does not mean that it was not remembered: a second try could call a first use a replay, so none is
        // made here.
        case .success, .failure: return .unavailable
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
