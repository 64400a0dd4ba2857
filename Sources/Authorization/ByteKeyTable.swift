/// Finds numbers by a byte string: built once, asked without allocating.
struct ByteKeyTable: Sendable {
    private struct Slot {
        var keyStart: Int32 = 0
        var keyCount: Int32 = -1
        var valuesStart: Int32 = 0
        var valuesEnd: Int32 = 0
    }

    private var slots: [Slot]
    private var keys: [UInt8] = []
    /// The numbers of all keys, those of one key together and rising.
    private(set) var values: [Int32] = []

    init(_ entries: [[UInt8]: [Int32]]) {
        var size = 1
        while size < entries.count * 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        for (key, numbers) in entries {
            var place = Int(truncatingIfNeeded: key.withUnsafeBytes { $0.keyHash }) & (size - 1)
            while slots[place].keyCount >= 0 { place = (place + 1) & (size - 1) }
            slots[place] = Slot(
                keyStart: Int32(keys.count), keyCount: Int32(key.count), valuesStart: Int32(values.count),
                valuesEnd: Int32(values.count + numbers.count))
            keys += key
            values += numbers.sorted()
        }
    }

    var isEmpty: Bool { values.isEmpty }

    /// Where in `values` the numbers of a key stand; empty when the key is unknown.
    func values(of key: UnsafeRawBufferPointer) -> Range<Int> {
        guard !values.isEmpty else { return 0..<0 }
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: key.keyHash) & mask
        // At least half of the slots are free, so the search ends.
        while slots[place].keyCount >= 0 {
            let slot = slots[place]
            if Int(slot.keyCount) == key.count {
                let start = Int(slot.keyStart)
                if keys.withUnsafeBytes({ key.isSame(as: $0.part(start..<start + key.count)) }) {
                    return Int(slot.valuesStart)..<Int(slot.valuesEnd)
                }
            }
            place = (place + 1) & mask
        }
        return 0..<0
    }
}
