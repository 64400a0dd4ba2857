import Synchronization

/// Which buckets one event loop asked most lately: for people who look at a node, never for a decision.
///
/// It costs a busy loop next to nothing: one request of a millisecond is noted, and stands for those that came since the one before.
/// It holds a bounded number of buckets; where there are more, the coldest give way.
package final class HotLimits: Sendable {
    /// The most buckets that are remembered.
    package static let countMax = 512
    private static let sampleNanoseconds: Int64 = 1_000_000
    private static let fieldCharactersMax = 128
    private static let fieldsMax = 8
    /// How often a full table looks for what gives way.
    private static let evictionNanoseconds: Int64 = 1_000_000_000

    private struct Entry: Sendable {
        var limit: RateLimit
        let fields: [String]
        var asked = DemandRate()
        var refused = DemandRate()
        var remainingTokens = 0
        var seenNanoseconds: Int64 = 0
    }

    private struct Table: Sendable {
        var entries: [BucketKey: Entry] = [:]
        var evictsAgainNanoseconds: Int64 = .min
    }

    private let notedNanoseconds = Atomic<Int64>(.min)
    private let skipped = Atomic<Int>(0)
    private let table = Mutex(Table())

    /// Makes an empty table.
    package init() {}

    /// Notes what became of a request's demands.
    package func note(_ demands: [BucketDemand], _ outcome: BucketOutcome, nowNanoseconds now: Int64) {
        let last = notedNanoseconds.load(ordering: .relaxed)
        // The first one finds .min there.
        guard last == .min || now - last >= Self.sampleNanoseconds else {
            skipped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        notedNanoseconds.store(now, ordering: .relaxed)
        let weight = 1 + skipped.exchange(0, ordering: .relaxed)
        let states: BucketStates
        switch outcome {
        case .decided(let admission), .degraded(let admission, _): states = admission.states
        case .unavailable: return
        }
        guard states.count == demands.count else { return }
        table.withLock { table in
            for (demand, state) in zip(demands, states) { Self.note(demand, state, weight, now, in: &table) }
        }
    }

    /// The buckets that are remembered and were asked lately, in no order.
    package func lately(nowNanoseconds now: Int64) -> [HotLimit] {
        let entries = table.withLock(\.entries)
        return entries.compactMap { key, entry in
            let perSecond = entry.asked.perSecond(nowNanoseconds: now)
            guard perSecond > 0 else { return nil }
            let gained = Double(max(now - entry.seenNanoseconds, 0)) * Double(entry.limit.ratePerMinute) / 60e9
            let level = min(Double(entry.limit.capacityTokens), Double(entry.remainingTokens) + gained)
            return HotLimit(
                limit: entry.limit, key: key, fields: entry.fields, requestsPerSecond: perSecond,
                refusedPerSecond: entry.refused.perSecond(nowNanoseconds: now), remainingTokens: Int(level),
                seenNanoseconds: entry.seenNanoseconds)
        }
    }

    /// The hottest buckets of several event loops, the hottest first.
    package static func hottest(_ loops: [HotLimits], countMax: Int, nowNanoseconds now: Int64) -> [HotLimit] {
        var merged: [BucketKey: HotLimit] = [:]
        for limit in loops.flatMap({ $0.lately(nowNanoseconds: now) }) {
            guard var known = merged[limit.key] else {
                merged[limit.key] = limit
                continue
            }
            // The loop that was answered last knows the level best.
            if limit.seenNanoseconds > known.seenNanoseconds {
                known.remainingTokens = limit.remainingTokens
                known.seenNanoseconds = limit.seenNanoseconds
            }
            known.requestsPerSecond += limit.requestsPerSecond
            known.refusedPerSecond += limit.refusedPerSecond
            merged[limit.key] = known
        }
        let sorted = merged.values.sorted { one, other in
            (other.requestsPerSecond, one.limit.name, one.fields.joined(separator: "\0"))
                < (one.requestsPerSecond, other.limit.name, other.fields.joined(separator: "\0"))
        }
        return Array(sorted.prefix(countMax))
    }

    private static func note(
        _ demand: BucketDemand, _ state: BucketState, _ weight: Int, _ now: Int64, in table: inout Table
    ) {
        if table.entries[demand.key] == nil {
            guard hasRoom(in: &table, now) else { return }
            table.entries[demand.key] = Entry(limit: demand.limit, fields: shortened(demand.fields))
        }
        guard let index = table.entries.index(forKey: demand.key) else { return }
        table.entries.values[index].limit = demand.limit
        table.entries.values[index].asked.add(weight, nowNanoseconds: now)
        if state.verdict != .admits { table.entries.values[index].refused.add(weight, nowNanoseconds: now) }
        table.entries.values[index].remainingTokens = state.remainingTokens
        table.entries.values[index].seenNanoseconds = now
    }

    private static func hasRoom(in table: inout Table, _ now: Int64) -> Bool {
        guard table.entries.count >= countMax else { return true }
        guard now >= table.evictsAgainNanoseconds else { return false }
        table.evictsAgainNanoseconds = now + evictionNanoseconds
        let byHeat = table.entries.map { (key: $0, heat: $1.asked.perSecond(nowNanoseconds: now)) }
            .sorted { $0.heat < $1.heat }
        for (key, _) in byHeat.prefix(countMax / 4) { table.entries[key] = nil }
        return true
    }

    private static func shortened(_ fields: KeyFields) -> [String] {
        var texts: [String] = []
        fields.forEach { field in
            guard texts.count < fieldsMax else { return }
            texts.append(field.utf8.count > fieldCharactersMax ? "\(field.prefix(fieldCharactersMax))…" : field)
        }
        return texts
    }
}
