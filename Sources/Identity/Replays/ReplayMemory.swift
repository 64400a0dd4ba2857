/// The proofs that one node remembers; times in nanoseconds of a monotonic clock.
struct ReplayMemory {
    /// How many expired proofs go at most when one comes: more than come, so that they never pile up.
    private static let sweptAtOnce = 8
    /// Parts that grow each on its own: a whole that doubled would hold everybody up for milliseconds.
    private static let partCount = 256

    /// How many proofs there are, expired ones that were not taken out yet among them.
    private(set) var count = 0
    private var parts: [ReplayTable] = []
    private var scopes = ReplayScopes()
    private var expiries = ReplayExpiries()

    /// Whether a proof comes for the first time, and remembers it.
    mutating func use(
        _ content: ReplayProof.Content, _ hash: UInt64, scope: String, expiresAt: Int64, entriesMax: Int,
        nowNanoseconds now: Int64
    ) -> ReplayVerdict {
        sweep(atMost: Self.sweptAtOnce, nowNanoseconds: now)
        // What came in a rush and expired goes as far as it makes room.
        while count >= entriesMax, sweep(atMost: 1, nowNanoseconds: now) {}
        if parts.isEmpty { parts = Array(repeating: ReplayTable(), count: Self.partCount) }
        let part = Self.part(of: hash)
        let known = scopes.place(of: scope)
        if let known, let place = parts[part].place(of: ReplayProof(content, scope: known), hash) {
            guard parts[part].expiry(at: place) <= now else { return .replayed }
            // Expired in this period: it stays, and goes in the one where it then expires.
            parts[part].prolong(at: place, until: expiresAt)
        } else {
            guard count < entriesMax else { return .unavailable }
            let proof = ReplayProof(content, scope: scopes.use(scope, known: known))
            parts[part].insert(proof, hash, expiresAt: expiresAt)
            count += 1
        }
        expiries.add(hash, expiresAt: expiresAt)
        return .first
    }

    /// Takes out some of what expired in periods that are over; false when none is left.
    @discardableResult
    mutating func sweep(atMost hashesMax: Int, nowNanoseconds now: Int64) -> Bool {
        for _ in 0..<hashesMax {
            guard let hash = expiries.next(nowNanoseconds: now) else { return false }
            // Not here, when it was prolonged.
            guard let scope = parts[Self.part(of: hash)].removeExpired(hash, nowNanoseconds: now) else { continue }
            scopes.release(scope)
            count -= 1
        }
        return true
    }

    private static func part(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 56) }
}
