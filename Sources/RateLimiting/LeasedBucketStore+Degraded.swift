extension LeasedBucketStore {
    /// Decides on this node alone, as each limit says.
    func degrade(_ asked: LeaseCall, _ demands: [BucketDemand], _ reason: String, _ now: Int64) -> BucketOutcome {
        var call = asked
        let open = demands.indices.filter { call.askOf[$0] != nil }
        book.with(demands[0].key) { $0.gauges.degraded &+= 1 }
        guard !open.contains(where: { demands[$0].limit.onStoreFailure == .deny && !demands[$0].limit.shadow }) else {
            putBack(call, demands, now)
            return .unavailable(reason)
        }
        let nodes = max(book.around.nodeCount(), 1)
        var shared: [Int] = []
        for index in open {
            switch demands[index].limit.onStoreFailure {
            case .allow: call.settle(index, demands[index].state(admits: true, remaining: nil))
            case .local, .deny:
                let state = takeShare(of: demands[index], nodes, now)
                call.settle(index, state)
                if state.verdict == .admits { shared.append(index) }
            }
        }
        if call.isRefused {
            putBack(call, demands, now)
            for index in shared {
                putShareBack(of: demands[index], nodes, now)
                call.states[index]?.remainingTokens += demands[index].cost
            }
        }
        return .degraded(counted(call.admission, demands, leased: call.isRefused ? 0 : call.paid.count), reason)
    }

    /// Takes the cost from this node's share if it is there.
    private func takeShare(of demand: BucketDemand, _ nodes: Int, _ now: Int64) -> BucketState {
        let part = NodeShare.part(of: demand.limit, nodes: nodes)
        return withShare(of: demand, now) { state, sharesOverflow in
            let remaining = state.sharedRemaining.map { $0 / nodes }
            var share = state.share ?? NodeShare(part, remainingTokens: remaining, now: now)
            let taken = share.take(demand.cost, part: part, sharesOverflow: sharesOverflow, now: now)
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
