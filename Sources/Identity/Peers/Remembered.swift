import Synchronization

/// Results that are worth more than the bytes they are found by; when there are too many, all are forgotten.
final class Remembered<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let entriesMax: Int
    private let entries = Mutex<[Key: Value]>([:])

    /// - Parameter entriesMax: how many are kept.
    init(entriesMax: Int) { self.entriesMax = entriesMax }

    var count: Int { entries.withLock { $0.count } }

    func value(_ key: Key) -> Value? { entries.withLock { $0[key] } }

    func remember(_ value: Value, for key: Key) {
        entries.withLock { entries in
            if entries.count >= entriesMax { entries.removeAll(keepingCapacity: true) }
            entries[key] = value
        }
    }
}
