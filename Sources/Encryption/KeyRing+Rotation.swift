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
}
