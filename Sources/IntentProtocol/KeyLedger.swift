/// Keys of large objects of one document, in one hash table.
///
/// The hash is the standard library's, keyed anew in every process: a sender cannot choose keys that collide. An entry
/// belongs to an object by its number, so an inner object costs nothing when it closes.
struct KeyLedger {
    private struct Entry {
        var hash: Int
        var object: UInt32
        var mark: KeyMark
    }

    private var entries: [Entry] = []
    /// Indices into `entries` plus 1, found by linear probing; 0 is free. The size is a power of two.
    private var slots: [UInt32] = []
    private var objects: UInt32 = 0

    /// Counts an object that comes into the ledger.
    mutating func nextObject() -> UInt32 {
        objects += 1
        return objects
    }

    /// Adds a key of an object; false when that object has it already.
    mutating func insert(_ mark: KeyMark, object: UInt32, _ base: UnsafePointer<UInt8>) -> Bool {
        if (entries.count + 1) * 2 > slots.count { grow() }
        let hash = Self.hash(mark, object: object, base)
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, entry.object == object, Self.areEqual(entry.mark, mark, base) { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        entries.append(Entry(hash: hash, object: object, mark: mark))
        slots[slot] = UInt32(entries.count)
        return true
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: max(64, slots.count * 2))
        for index in entries.indices {
            var slot = entries[index].hash & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(index + 1)
        }
    }

    private static func hash(_ mark: KeyMark, object: UInt32, _ base: UnsafePointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(object)
        let raw = rawKey(mark, base)
        if mark.isEscaped {
            JSONStringText.decoded(raw).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            hasher.combine(bytes: UnsafeRawBufferPointer(raw))
        }
        return hasher.finalize()
    }

    private static func areEqual(_ one: KeyMark, _ other: KeyMark, _ base: UnsafePointer<UInt8>) -> Bool {
        if !one.isEscaped, !other.isEscaped {
            return one.rawCount == other.rawCount
                && equalBytes(base + Int(one.start), base + Int(other.start), Int(one.rawCount))
        }
        return JSONStringText.decoded(rawKey(one, base)) == JSONStringText.decoded(rawKey(other, base))
    }

    private static func rawKey(_ mark: KeyMark, _ base: UnsafePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + Int(mark.start), count: Int(mark.rawCount))
    }
}
