import Synchronization

/// How many messages a key sealed in this process, counted in eight places so that event loops do not wait for each other.
///
/// Each place may count an eighth of the limit. Places are taken at random, so they fill alike, and the sum can never pass
/// the limit.
final class SealCounter: Sendable {
    private static let stripes: UInt64 = 8

    /// Words of 64 bytes apart, each in a cache line of its own.
    private let counts: InlineArray<64, Atomic<UInt64>>

    init() {
        counts = InlineArray { _ in Atomic(0) }
    }

    /// How many were sealed.
    var count: UInt64 {
        (0..<Self.stripes).reduce(0) { $0 + counts[8 * Int($1)].load(ordering: .relaxed) }
    }

    /// Counts one more.
    ///
    /// - Parameters:
    ///   - random: chooses the place.
    ///   - limit: at most 2^32.
    /// - Returns: a number that no other message of this counter has; nil when the limit is reached.
    func take(random: UInt64, limit: UInt64) -> UInt32? {
        let stripe = random % Self.stripes
        let before = counts[8 * Int(stripe)].add(1, ordering: .relaxed).oldValue
        guard before < limit / Self.stripes else { return nil }
        return UInt32(truncatingIfNeeded: before * Self.stripes + stripe)
    }
}
