import Synchronization

/// A key that can be found again in a few nanoseconds.
protocol QuickHashable: Hashable, Sendable {
    var quickHash: UInt64 { get }
}

extension UInt64: QuickHashable {
    var quickHash: UInt64 { self &* 0x9E37_79B9_7F4A_7C15 }
}

extension String: QuickHashable {
    /// Not keyed: it is used only for names that the gateway's own directory vouches for, and their number is bounded.
    var quickHash: UInt64 {
        let hash = utf8.withContiguousStorageIfAvailable { bytes in
            var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
            let raw = UnsafeRawBufferPointer(bytes)
            var offset = 0
            while offset + 8 <= raw.count {
                hash = (hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
                hash ^= hash >> 32
                offset += 8
            }
            while offset < raw.count {
                hash = (hash ^ UInt64(raw[offset])) &* 0x0000_0100_0000_01B3
                offset += 1
            }
            return hash &* 0x9E37_79B9_7F4A_7C15
        }
        return hash ?? UInt64(truncatingIfNeeded: hashValue)
    }
}

/// Gives keys small numbers in the order in which they are first seen, up to a bound; a number is never taken back.
final class BoundedIndex<Key: QuickHashable>: Sendable {
    enum Answer {
        case index(Int)
        /// The key is beyond the bound; these are all that will ever have a number.
        case full([Key])
    }

    private struct State {
        var keys: [Key]
        var indexes: [Key: Int]
    }

    private let countMax: Int
    private let state: Mutex<State>

    /// `reserved` keys get the first numbers and do not count against the bound.
    init(reserved: [Key], countMax: Int) {
        self.countMax = reserved.count + countMax
        let indexes = [Key: Int](uniqueKeysWithValues: zip(reserved, reserved.indices))
        state = Mutex(State(keys: reserved, indexes: indexes))
    }

    var keys: [Key] { state.withLock(\.keys) }

    func resolve(_ key: Key) -> Answer {
        state.withLock { state in
            if let index = state.indexes[key] { return .index(index) }
            guard state.keys.count < countMax else { return .full(state.keys) }
            state.indexes[key] = state.keys.count
            state.keys.append(key)
            return .index(state.keys.count - 1)
        }
    }
}

/// One event loop's own view of a `BoundedIndex`: it asks the shared one only about keys that it has not met.
struct IndexMirror<Key: QuickHashable> {
    private var keys: [Key?]
    private var indexes: [Int32]
    private var count = 0
    /// Set once the shared index is full and its keys are all here, so that unknown keys cost no lock.
    private var isComplete = false

    init() {
        keys = Array(repeating: nil, count: 64)
        indexes = Array(repeating: 0, count: 64)
    }

    /// The key's number, nil when it is beyond the bound.
    mutating func index(of key: Key, in shared: BoundedIndex<Key>) -> Int? {
        let slot = slot(of: key)
        if keys[slot] != nil { return Int(indexes[slot]) }
        guard !isComplete else { return nil }
        switch shared.resolve(key) {
        case .index(let index):
            insert(key, index)
            return index
        case .full(let keys):
            for (index, key) in keys.enumerated() { insert(key, index) }
            isComplete = true
            return nil
        }
    }

    /// Where the key stands, or the empty place where it would; at least half of the places are empty.
    @inline(__always)
    private func slot(of key: Key) -> Int {
        let mask = keys.count - 1
        var slot = Int(truncatingIfNeeded: key.quickHash >> 32) & mask
        while let present = keys[slot], present != key { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func insert(_ key: Key, _ index: Int) {
        if (count + 1) * 2 > keys.count { grow() }
        let slot = slot(of: key)
        guard keys[slot] == nil else { return }
        keys[slot] = key
        indexes[slot] = Int32(truncatingIfNeeded: index)
        count += 1
    }

    private mutating func grow() {
        let old = (keys, indexes)
        keys = Array(repeating: nil, count: old.0.count * 2)
        indexes = Array(repeating: 0, count: old.0.count * 2)
        count = 0
        for (key, index) in zip(old.0, old.1) {
            if let key { insert(key, Int(index)) }
        }
    }
}
