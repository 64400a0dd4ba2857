import Synchronization

extension LeaseBook {
    /// Whether the caller is to run the loop that gives idle tokens back.
    func beginReclaiming() -> Bool {
        isReclaiming.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }

    /// Ends the loop, unless somebody has begun to hold tokens since it looked last.
    ///
    /// - Returns: whether the caller is to go on.
    func endReclaiming() -> Bool {
        isReclaiming.store(false, ordering: .releasing)
        let isHolding = shards.contains { $0.table.withLock { !$0.holding.isEmpty } }
        return isHolding && beginReclaiming()
    }

    /// Takes out what is held and idle.
    ///
    /// - Parameter isLast: everything that is held, idle or not; for the end of the node.
    /// - Returns: what to give back, and whether anything is still held.
    func reclaim(now: Int64, isLast: Bool = false) -> (asks: [BucketAsk], isHolding: Bool) {
        var asks: [BucketAsk] = []
        var isHolding = false
        for shard in shards {
            shard.table.withLock { table in
                for (key, demand) in table.holding {
                    reclaim(key, demand, from: &table, now: now, isLast: isLast, into: &asks)
                }
                isHolding = isHolding || !table.holding.isEmpty
            }
        }
        return (asks, isHolding)
    }

    private func reclaim(
        _ key: BucketKey, _ demand: BucketDemand, from table: inout LeaseShard.Table, now: Int64, isLast: Bool,
        into asks: inout [BucketAsk]
    ) {
        guard let index = table.entries.index(forKey: key) else {
            table.holding[key] = nil
            return
        }
        for batch in table.entries.values[index].reclaim(rules, now: now, isLast: isLast) {
            let ask = giveBack(demand, batch, now: now)
            table.gauges.returned &+= UInt64(-ask.wantedTokens)
            table.gauges.expired &+= UInt64(batch.tokens + ask.wantedTokens)
            if ask.wantedTokens < 0 { asks.append(ask) }
        }
        table.gauges.expired &+= UInt64(table.entries.values[index].expiredTokens)
        table.entries.values[index].expiredTokens = 0
        if table.entries.values[index].heldTokens == 0 { table.holding[key] = nil }
    }

    /// The age is counted from the sending of the ask that took the tokens, and up to the last moment at which the store takes them.
    private func giveBack(_ demand: BucketDemand, _ batch: LeaseState.Batch, now: Int64) -> BucketAsk {
        let sent = batch.expiresNanoseconds - rules.lifetimeNanoseconds
        let age = min(now - sent + rules.returnNanoseconds, rules.lifetimeNanoseconds)
        var ask = demand.ask(
            minimum: 0, wanted: -rules.credit(batch.tokens, demand.limit, ageNanoseconds: age), rules)
        ask.isShadow = false
        ask.returnsUntilMicroseconds = batch.takenMicroseconds + age / 1_000
        return ask
    }
}
