package import Logging
import Synchronization

/// The level of a log, changed while it is written; every logger of the same handler follows at once.
package final class LogLevel: Sendable {
    private let current: Atomic<Int>
    private let revertsAt = Atomic<Int64>(.max)
    /// As the configuration says.
    package let configured: Logger.Level

    /// - Parameter configured: what holds until somebody says otherwise.
    package init(_ configured: Logger.Level) {
        self.configured = configured
        current = Atomic(Self.rank(configured))
    }

    /// What is written: this level and worse.
    package var level: Logger.Level { Logger.Level.allCases[current.load(ordering: .relaxed)] }

    /// Whether what is written of single requests is wanted.
    package var isDebug: Bool { current.load(ordering: .relaxed) <= Self.debugRank }

    /// Monotonic nanoseconds at which the configured level comes back; nil where it does not by itself.
    package var revertsAtNanoseconds: Int64? {
        let time = revertsAt.load(ordering: .relaxed)
        return time == .max ? nil : time
    }

    /// Changes the level.
    ///
    /// - Parameter revertsAtNanoseconds: when the configured level comes back; nil for never.
    package func set(_ level: Logger.Level, revertsAtNanoseconds: Int64?) {
        revertsAt.store(revertsAtNanoseconds ?? .max, ordering: .relaxed)
        current.store(Self.rank(level), ordering: .relaxed)
    }

    /// Goes back to the configured level when its time has come; for a timer.
    ///
    /// - Returns: whether it did.
    package func revertIfDue(nowNanoseconds: Int64) -> Bool {
        guard nowNanoseconds >= revertsAt.load(ordering: .relaxed) else { return false }
        set(configured, revertsAtNanoseconds: nil)
        return true
    }

    private static let debugRank = rank(.debug)

    private static func rank(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}
