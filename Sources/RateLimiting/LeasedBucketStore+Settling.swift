extension LeasedBucketStore {
    /// Tells the shared store what requests cost in the end, in the background and whether or not their callers are still there.
    package func settle(_ settlements: [BucketSettlement], nowNanoseconds now: Int64) {
        var shared: [BucketSettlement] = []
        for settlement in settlements {
            book.with(settlement.demand.key) { $0.gauges.settled.count(settlement) }
            guard settlement.deltaTokens != 0 else { continue }
            if settlement.isDegraded {
                settleShare(settlement, now)
            } else if book.isStoreAsked {
                shared.append(settlement)
            } else {
                settleHere(settlement, now)
            }
        }
        guard !shared.isEmpty else { return }
        book.around.spawn { [shared] in
            for settlement in shared { await settleShared(settlement) }
        }
    }

    private func settleShared(_ settlement: BucketSettlement) async {
        let (demand, delta) = (settlement.demand, settlement.deltaTokens)
        let outcome = await authority.take([demand.settlingAsk(delta, book.rules)])
        let now = book.around.nowNanoseconds()
        switch outcome {
        case .withheld: book.storeAnswered()  // No settlement asks for known buckets only.
        case .decided(let grants, _):
            book.storeAnswered()
            book.noteMade(grants, for: demand.key, now: now)
            if delta < 0 { book.with(demand.key) { $0.entries[demand.key]?.askAgain() } }
        case .unavailable(let reason):
            // It may have been charged all the same: rather twice than never.
            book.with(demand.key) { $0.gauges.failures &+= 1 }
            storeFailed(reason)
            settleHere(settlement, now)
        }
    }

    /// The store cannot be told: what is owed is paid with the next ask, what would come back is refilled in time.
    private func settleHere(_ settlement: BucketSettlement, _ now: Int64) {
        let (demand, delta) = (settlement.demand, settlement.deltaTokens)
        guard delta > 0 else { return }
        book.with(demand.key) { table in
            table.withState(demand.key, now: now) { $0.owes(delta, atMost: demand.limit.debtTokensMax, now: now) }
        }
    }

    /// This node's share paid: it is charged, or gets back what the shared bucket has not yet paid for it.
    private func settleShare(_ settlement: BucketSettlement, _ now: Int64) {
        let (demand, delta) = (settlement.demand, settlement.deltaTokens)
        // While the store is there it was another limit's new bucket that was counted here: what was used is owed all the same.
        guard demand.limit.onStoreFailure != .allow || delta > 0 && book.isStoreAsked else { return }
        let part = NodeShare.part(of: demand.limit, nodes: max(book.around.nodeCount(), 1))
        withShare(of: demand, now) { state, _ in
            guard delta < 0 else {
                state.owes(delta, atMost: demand.limit.debtTokensMax, now: now)
                state.share?.charge(delta, part: part)
                return
            }
            let back = min(-delta, state.debtTokens)
            state.debtTokens -= back
            state.share?.putBack(back, part: part)
        }
    }
}
