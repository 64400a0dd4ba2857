import Synchronization

/// Tokens that were verified, found again by their exact bytes.
///
/// Bounded by CLOCK in each of up to 16 shards. The bucket comes from a few bytes of the signature, which nobody but an
/// issuer can choose and still get in; every byte is compared before a token counts as the same.
final class VerifiedTokenCache: Sendable {
    private let shards: [Shard]

    /// - Parameter entriesMax: the most tokens kept, at least 1.
    init(entriesMax: Int) {
        let count = entriesMax >= 1_024 ? 16 : 1
        shards = (0..<count).map { _ in Shard(entriesMax: max(entriesMax / count, 1)) }
    }

    /// The token of these bytes with the generation of the keys that verified it; nil when unknown or past its `exp`.
    func find(_ token: UnsafeRawBufferPointer, nowSeconds: Int64) -> (token: VerifiedToken, generation: UInt64)? {
        guard let hash = Self.hash(token) else { return nil }
        return shard(hash).find(token, hash, nowSeconds: nowSeconds)
    }

    /// Keeps a verified token; one with the same bytes is replaced.
    func insert(_ token: UnsafeRawBufferPointer, _ verified: VerifiedToken, generation: UInt64) {
        guard let hash = Self.hash(token) else { return }
        shard(hash).insert(token, hash, verified, generation: generation)
    }

    /// How many tokens are kept.
    var count: Int { shards.reduce(0) { $0 + $1.count } }

    @inline(__always)
    private func shard(_ hash: UInt64) -> Shard {
        shards[Int(truncatingIfNeeded: hash &>> 60) & (shards.count - 1)]
    }

    /// The last 24 bytes are signature in any token that can be here: the shortest signature has 86 characters.
    @inline(__always)
    private static func hash(_ token: UnsafeRawBufferPointer) -> UInt64? {
        guard token.count >= 32 else { return nil }
        var hash = UInt64(token.count)
        for back in 1...3 {
            let word = token.loadUnaligned(fromByteOffset: token.count &- 8 &* back, as: UInt64.self)
            hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash &>> 29
        }
        return hash
    }
}

extension VerifiedTokenCache {
    private struct Slot {
        let hash: UInt64
        let bytes: [UInt8]
        let verified: VerifiedToken
        let generation: UInt64
        var wasUsed: Bool
    }

    private final class Shard: Sendable {
        private struct State {
            var slots: [Slot] = []
            var index: [UInt64: Int] = [:]
            var hand = 0

            /// - Returns: the slot that had to leave.
            mutating func insert(_ slot: Slot, entriesMax: Int) -> Slot? {
                if let place = index[slot.hash] { return replace(place, by: slot) }
                guard slots.count >= entriesMax else {
                    index[slot.hash] = slots.count
                    slots.append(slot)
                    return nil
                }
                while slots[hand].wasUsed {
                    slots[hand].wasUsed = false
                    advanceHand()
                }
                index[slots[hand].hash] = nil
                index[slot.hash] = hand
                defer { advanceHand() }
                return replace(hand, by: slot)
            }

            private mutating func advanceHand() {
                hand = hand + 1 < slots.count ? hand + 1 : 0
            }

            private mutating func replace(_ place: Int, by slot: Slot) -> Slot {
                let old = slots[place]
                slots[place] = slot
                return old
            }
        }

        private let entriesMax: Int
        private let state = Mutex(State())

        init(entriesMax: Int) {
            self.entriesMax = entriesMax
        }

        var count: Int { state.withLock { $0.slots.count } }

        func find(
            _ token: UnsafeRawBufferPointer, _ hash: UInt64, nowSeconds: Int64
        ) -> (token: VerifiedToken, generation: UInt64)? {
            state.withLock { state in
                guard let place = state.index[hash], token.equals(state.slots[place].bytes) else { return nil }
                guard nowSeconds < state.slots[place].verified.expiresAtSeconds else { return nil }
                state.slots[place].wasUsed = true
                return (state.slots[place].verified, state.slots[place].generation)
            }
        }

        func insert(
            _ token: UnsafeRawBufferPointer, _ hash: UInt64, _ verified: VerifiedToken, generation: UInt64
        ) {
            let slot = Slot(
                hash: hash, bytes: Array(token), verified: verified, generation: generation, wasUsed: false)
            // What leaves is released after the lock.
            _ = state.withLock { $0.insert(slot, entriesMax: entriesMax) }
        }
    }
}
