extension KeyRing {
    /// The ring with one more key, which takes the others' place when it becomes active.
    ///
    /// Every part must know the ring before ``RingKey/activeFromMilliseconds`` of the new key. Keys of the same profile that the new
    /// one takes over from open until the grace after that time is over, or end as they did before. Keys that have ended go.
    ///
    /// - Parameters:
    ///   - graceMilliseconds: how long messages that were sealed before still open; longer than the longest request and the
    ///     difference of clocks together.
    package func rotated(
        to key: RingKey, graceMilliseconds: Int64, nowUnixMilliseconds now: Int64
    ) throws(Fault) -> KeyRing {
        let end = key.activeFromMilliseconds + graceMilliseconds
        let older = keys.filter { $0.isAlive(atUnixMilliseconds: now) }.map { old in
            guard old.profile == key.profile, old.uses.isSubset(of: key.uses) else { return old }
            return old.ending(atMilliseconds: min(end, old.opensUntilMilliseconds ?? end))
        }
        return try KeyRing(older + [key], messagesMaxPerKey: messagesMaxPerKey)
    }

    /// The ring with a new key of profile `v2` in each place where one seals or will, all active from the same time.
    ///
    /// Every key of `v2` ends when the grace after that time is over, or as it did before. Keys of `v1` stay as they are: their
    /// peers take one key at a time and cannot be staged.
    ///
    /// - Parameters:
    ///   - leadMilliseconds: how long every part has to get the ring before a new key seals.
    ///   - graceMilliseconds: how long after that the former keys open, in whole seconds.
    ///   - draw: 32 random bytes, and a new id.
    /// - Returns: the ring and the keys that are new; none where the ring has no key of `v2`.
    package func rotated(
        leadMilliseconds: Int64, graceMilliseconds: Int64, nowUnixMilliseconds now: Int64,
        draw: () -> (id: String, bytes: KeyBytes)
    ) throws(Fault) -> (ring: KeyRing, added: [RingKey]) {
        let alive = keys.filter { $0.isAlive(atUnixMilliseconds: now) }
        let bound = alive.filter { $0.profile == .v2 }
        // Keys are sorted, those that begin last first: each use goes on with its own.
        var usesOfNewest: [String: Set<KeyUse>] = [:]
        for use in KeyUse.allCases {
            if let newest = bound.first(where: { $0.uses.contains(use) }) {
                usesOfNewest[newest.id, default: []].insert(use)
            }
        }
        // Documents have whole seconds, and no two keys begin together.
        let soonest = (now + leadMilliseconds + 999) / 1_000 * 1_000
        let start = max(soonest, (bound.first?.activeFromMilliseconds ?? 0) + 1_000)
        let added = usesOfNewest.sorted { $0.key < $1.key }.compactMap { _, uses -> RingKey? in
            let (id, bytes) = draw()
            return RingKey(id: id, bytes: bytes, uses: uses, activeFromMilliseconds: start)
        }
        let end = start + graceMilliseconds
        let older = alive.map { old in
            old.profile == .v2 ? old.ending(atMilliseconds: min(end, old.opensUntilMilliseconds ?? end)) : old
        }
        return (try KeyRing(older + added, messagesMaxPerKey: messagesMaxPerKey), added)
    }
}
