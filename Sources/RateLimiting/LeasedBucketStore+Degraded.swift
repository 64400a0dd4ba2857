extension LeasedBucketStore {
    /// Decides on this node alone, as each limit says.
    func degrade(_ asked: LeaseCall, _ demands: [BucketDemand], _ reason: String, _ now: Int64) -> BucketOutcome {
        var call = asked
        let open = demands.indices.filter { call.askOf[$0] != nil }
        book.with(demands[0].key) { $0.gauges.degraded &+= 1 }
        guard let shared = takeShares(open, of: &call, demands, now) else {
            putBack(call, demands, now)
            return .unavailable(reason)
        }
        if call.isRefused {
            putBack(call, demands, now)
            putSharesBack(shared, of: &call, demands, now)
        }
        return .degraded(counted(call.admission, demands, leased: call.isRefused ? 0 : call.paid.count), reason)
    }

    /// Decides some demands on this node alone.
    ///
    /// - Parameter mayPassUncounted: whether a limit that lets everything pass without the store does so.
    /// - Returns: those that this node's share paid; nil when one of them lets nothing pass without the store.
    func takeShares(
        _ open: [Int], of call: inout LeaseCall, _ demands: [BucketDemand], mayPassUncounted: Bool = true, _ now: Int64
    ) -> [Int]? {
        guard !open.contains(where: { demands[$0].limit.onStoreFailure == .deny && !demands[$0].limit.shadow }) else {
            return nil
        }
        let nodes = max(book.around.nodeCount(), 1)
        var shared: [Int] = []
        for index in open {
            if demands[index].limit.onStoreFailure == .allow, mayPassUncounted {
                call.settle(index, demands[index].state(admits: true, remaining: nil))
            } else {
                let state = takeShare(of: demands[index], nodes, now)
                call.settle(index, state)
                if state.verdict == .admits { shared.append(index) }
            }
        }
        return shared
    }

    /// Gives back what this node's shares paid for a request that another limit refused.
    func putSharesBack(_ shared: [Int], of call: inout LeaseCall, _ demands: [BucketDemand], _ now: Int64) {
        let nodes = max(book.around.nodeCount(), 1)
        for index in shared {
            putShareBack(of: demands[index], nodes, now)
            call.states[index]?.remainingTokens += demands[index].cost
        }
    }

    /// Takes the cost from this node's share if it is there.
    private func takeShare(of demand: BucketDemand, _ nodes: Int, _ now: Int64) -> BucketState {
        let part = NodeShare.part(of: demand.limit, nodes: nodes)
        return withShare(of: demand, now) { state, sharesOverflow in
            let remaining = state.sharedRemaining.map { $0 / nodes }
            var share = state.share ?? NodeShare(part, remainingTokens: remaining, now: now)
            let taken = share.take(
                demand.cost, part: part, of: demand.limit, sharesOverflow: sharesOverflow, now: now)
            if taken.verdict == .admits {
                state.debtTokens = min(state.debtTokens + demand.cost, demand.limit.capacityTokens)
            }
            state.share = share
            return taken
        }
    }

    private func putShareBack(of demand: BucketDemand, _ nodes: Int, _ now: Int64) {
        let part = NodeShare.part(of: demand.limit, nodes: nodes)
        withShare(of: demand, now) { state, _ in
            state.share?.putBack(demand.cost, part: part)
            state.debtTokens = max(state.debtTokens - demand.cost, 0)
        }
    }

    /// Where there is no room for one more bucket, all such buckets of the limit share one.
    func withShare<R>(
        of demand: BucketDemand, _ now: Int64, _ change: (inout LeaseState, _ sharesOverflow: Bool) -> R
    ) -> R {
        let hasRoom = book.with(demand.key) { $0.hasRoom(demand.key, now: now) }
        let key = hasRoom ? demand.key : book.hasher.overflowKey(limitName: demand.limit.name)
        return book.with(key) { table in
            table.withState(key, always: true, now: now) { change(&$0, !hasRoom) }
        }
    }
}
