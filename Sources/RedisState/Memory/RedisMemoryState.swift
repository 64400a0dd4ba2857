/// What is known of the memory of all servers that take writes: looks in, alarms out, no clock (pitfall S22).
///
/// A bucket that is evicted is full again and admits more than its limit, so an eviction is an alarm, and so is a policy that allows it.
package struct RedisMemoryState: Sendable, Hashable {
    /// What is wrong, the worst first.
    package enum Alarm: Sendable, Hashable {
        /// Keys went before their time, within the last five minutes.
        case evicted(policy: String)
        /// Memory is bounded, and its policy lets keys go.
        case mayEvict(policy: String)
        /// Little is left, and writes are refused where it ends.
        case nearlyFull
    }

    /// How long after the last one evictions are an alarm.
    package static let alarmNanoseconds: Int64 = 300_000_000_000

    /// Keys that went since this node looks.
    package private(set) var evictedKeys = 0
    /// Bytes in use on the server that is nearest to its bound, and that bound, 0 for none.
    package private(set) var usedBytes = 0
    package private(set) var maxBytes = 0
    /// Whether every server told of its memory at the last look that was answered.
    package private(set) var isKnown = false
    package private(set) var alarm: Alarm?

    private var countsByRun: [String: Int] = [:]
    private var evictedNanoseconds: Int64?
    private var evictingPolicy = ""

    /// Nothing is known.
    package init() {}

    /// Takes a look in: what each server said, nil of one that did not say it.
    ///
    /// - Returns: whether the alarm is another than before.
    package mutating func note(_ servers: [RedisMemory?], nowNanoseconds now: Int64) -> Bool {
        let known = servers.compactMap { $0 }
        isKnown = !servers.isEmpty && known.count == servers.count
        for server in known { noteEvictions(of: server, now) }
        // Servers come and go; those that are not there any more are not counted on.
        if isKnown { countsByRun = countsByRun.filter { run, _ in known.contains { $0.runID == run } } }
        if let fullest = known.max(by: { Self.fill($0) < Self.fill($1) }) {
            (usedBytes, maxBytes) = (fullest.usedBytes, fullest.maxBytes)
        }
        let before = alarm
        if let last = evictedNanoseconds, now - last < Self.alarmNanoseconds {
            alarm = .evicted(policy: evictingPolicy)
        } else if let server = known.first(where: \.mayEvict) {
            alarm = .mayEvict(policy: server.policy)
        } else if known.contains(where: \.isNearlyFull) {
            alarm = .nearlyFull
        } else if isKnown {
            alarm = nil
        }
        return alarm != before
    }

    private mutating func noteEvictions(of server: RedisMemory, _ now: Int64) {
        // What went before this node looked for the first time is history; a process that is new has none.
        let before = countsByRun.updateValue(server.evictedKeys, forKey: server.runID) ?? server.evictedKeys
        guard server.evictedKeys > before else { return }
        evictedKeys += server.evictedKeys - before
        (evictedNanoseconds, evictingPolicy) = (now, server.policy)
    }

    private static func fill(_ server: RedisMemory) -> Double {
        server.maxBytes > 0 ? Double(server.usedBytes) / Double(server.maxBytes) : 0
    }
}

extension RedisMemoryState.Alarm: CustomStringConvertible {
    /// What is wrong and what to do, for a log and a health page.
    package var description: String {
        switch self {
        case .evicted(let policy):
            "Redis evicts keys (maxmemory-policy \(policy)): a bucket that is evicted is full again and admits more than "
                + "its limit; set maxmemory-policy noeviction, and give Redis more memory"
        case .mayEvict(let policy):
            "Redis may evict keys where its memory ends (maxmemory-policy \(policy)); set maxmemory-policy noeviction"
        case .nearlyFull:
            "Redis uses more than 90 % of maxmemory; where it ends, limits are decided as without Redis: give it more"
        }
    }
}
