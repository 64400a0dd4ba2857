/// Some proofs by their hash: open addressing, linear probing.
///
/// Tags of four bytes are looked through, a line of the cache holding sixteen; a proof is read only where the tag is its own.
struct ReplayTable {
    private struct Entry {
        var proof: ReplayProof
        var expiresAt: Int64
    }

    private static let capacityMin = 8
    /// Marks a place that is taken.
    private static let taken: UInt32 = 0x8000_0000

    private(set) var count = 0
    /// Zero where a place is free; as many as a power of two, or none.
    private var tags: [UInt32] = []
    private var entries: [Entry] = []

    /// Where a proof is, until the next is put in or taken out; nil when it is not here.
    func place(of proof: ReplayProof, _ hash: UInt64) -> Int? {
        place(Self.tag(hash)) { $0.proof == proof }
    }

    /// When the proof there expires.
    func expiry(at place: Int) -> Int64 { entries[place].expiresAt }

    /// Remembers the proof there for longer.
    mutating func prolong(at place: Int, until expiresAt: Int64) { entries[place].expiresAt = expiresAt }

    /// Remembers a proof that is not here.
    mutating func insert(_ proof: ReplayProof, _ hash: UInt64, expiresAt: Int64) {
        if 4 * (count + 1) > 3 * tags.count { resize(to: max(2 * tags.count, Self.capacityMin)) }
        put(Entry(proof: proof, expiresAt: expiresAt), Self.tag(hash))
        count += 1
    }

    /// Takes out one proof with the tag of that hash that has expired, and tells the place of its scope.
    ///
    /// Of two with one tag either may go first: each is asked for once, when it has expired.
    mutating func removeExpired(_ hash: UInt64, nowNanoseconds now: Int64) -> Int? {
        guard let place = place(Self.tag(hash), where: { $0.expiresAt <= now }) else {
            return nil
        }
        let scope = entries[place].proof.scope
        close(place)
        count -= 1
        // What a rush took is given back.
        if tags.count > Self.capacityMin, 8 * count < tags.count { resize(to: tags.count / 2) }
        return scope
    }

    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash) | taken }

    private func place(_ tag: UInt32, where isWanted: (Entry) -> Bool) -> Int? {
        guard !tags.isEmpty else { return nil }
        let mask = tags.count - 1
        var place = Int(tag) & mask
        while tags[place] != 0 {
            if tags[place] == tag, isWanted(entries[place]) { return place }
            place = (place + 1) & mask
        }
        return nil
    }

    private mutating func put(_ entry: Entry, _ tag: UInt32) {
        let mask = tags.count - 1
        var place = Int(tag) & mask
        while tags[place] != 0 { place = (place + 1) & mask }
        tags[place] = tag
        entries[place] = entry
    }

    /// Frees a place, and moves into it what stands behind it only because it was taken.
    private mutating func close(_ place: Int) {
        let mask = tags.count - 1
        var hole = place
        var next = (hole + 1) & mask
        while tags[next] != 0 {
            let home = Int(tags[next]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                tags[hole] = tags[next]
                entries[hole] = entries[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        tags[hole] = 0
    }

    private mutating func resize(to capacity: Int) {
        let (oldTags, oldEntries) = (tags, entries)
        tags = Array(repeating: 0, count: capacity)
        entries = Array(repeating: Entry(proof: .none, expiresAt: 0), count: capacity)
        for (place, tag) in oldTags.enumerated() where tag != 0 { put(oldEntries[place], tag) }
    }
}
