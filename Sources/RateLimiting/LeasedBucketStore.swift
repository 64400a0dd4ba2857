/// The buckets of a cluster as one event loop sees them: tokens are taken from the shared store before they are used, ahead of use
/// where a bucket is hot, and spent here.
package struct LeasedBucketStore<Authority: BucketAuthority>: BucketStore {
    private let book: LeaseBook
    private let authority: Authority
    /// How often a request looks again after it has waited for a lease that did not reach it.
    private static var looksMax: Int { 3 }

    /// Makes the store of one event loop.
    package init(book: LeaseBook, authority: Authority) {
        self.book = book
        self.authority = authority
    }

    /// Takes all demands or none.
    package func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
        if demands.count == 1, let admission = takeNow(demands[0], nowNanoseconds: nowNanoseconds) {
            return .decided(admission)
        }
        guard !demands.isEmpty else { return .decided(.admitted(BucketStates())) }
        return await takeTogether(demands, nowNanoseconds)
    }

    /// Takes one demand from what is held, or refuses it where the store has just refused; nil when the store has to be asked.
    ///
    /// The warm path: no waiting, and nothing is allocated.
    package func takeNow(_ demand: BucketDemand, nowNanoseconds now: Int64) -> Admission? {
        var wantsRefill = false
        let rules = book.rules
        let admission: Admission? = book.with(demand.key) { table in
            let local = table.entries[demand.key]?.take(demand.cost, now: now) ?? .unknown
            switch local {
            case .taken:
                guard let state = table.entries[demand.key] else { return nil }
                table.gauges.leased &+= 1
                if state.wantsRefill(rules, now: now) {
                    table.entries[demand.key]?.isAsking = true
                    wantsRefill = true
                }
                let admission = Admission(BucketStates(demand.state(admits: true, state, rules)))
                table.gauges.count(admission)
                return admission
            case .refused(let wait):
                guard demand.limit.canEverAdmit(cost: demand.cost), let state = table.entries[demand.key] else {
                    return nil
                }
                let admission = Admission(BucketStates(demand.state(admits: false, state, rules, wait: wait)))
                table.gauges.count(admission)
                return admission
            case .unknown: return nil
            }
        }
        if wantsRefill { refillInBackground(demand) }
        return admission
    }

    /// Gives back everything that is held; for the end of the node.
    package func giveEverythingBack() async {
        let (asks, _) = book.reclaim(now: book.around.nowNanoseconds() + book.rules.windowNanoseconds)
        for ask in asks { _ = await authority.take([ask]) }
    }

    // MARK: asking

    private func takeTogether(_ demands: [BucketDemand], _ started: Int64) async -> BucketOutcome {
        var looks = 0
        while true {
            let now = looks == 0 ? started : book.around.nowNanoseconds()
            switch plan(demands, mayWait: looks < Self.looksMax, now: now) {
            case .decided(let admission): return .decided(admission)
            case .wait(let demand):
                await waitForLease(demand)
                looks += 1
            case .ask(let call):
                switch book.wantsToAsk(now: now) {
                case .ask: return await ask(call, demands, now)
                case .skip: return degrade(call, demands, "the store is away", now)
                case .skipAndProbe:
                    probeInBackground()
                    return degrade(call, demands, "the store is away", now)
                }
            }
        }
    }

    private enum Plan {
        case decided(Admission)
        case wait(BucketDemand)
        case ask(Call)
    }

    /// A request on its way to the store.
    private struct Call {
        /// What each demand came to so far; nil where the store is asked.
        var states: [BucketState?]
        /// The demands that were paid from what is held, to be put back when the others are refused.
        var paid: [Int] = []
        /// The demands that the store is asked for, and what.
        var asked: [Int] = []
        var asks: [BucketAsk] = []
        /// Those of `asked` for which this call takes a lease, so that others wait for it.
        var leases: [Int] = []
    }

    private func plan(_ demands: [BucketDemand], mayWait: Bool, now: Int64) -> Plan {
        var call = Call(states: Array(repeating: nil, count: demands.count))
        var isRefused = false
        for (index, demand) in demands.enumerated() {
            guard demand.limit.canEverAdmit(cost: demand.cost) else {
                call.states[index] = demand.hopelessState
                if !demand.limit.shadow { isRefused = true }
                continue
            }
            let local = book.with(demand.key) { table in
                table.withState(demand.key) { state in (state.take(demand.cost, now: now), state) }
            }
            switch local.0 {
            case .taken:
                call.paid.append(index)
                call.states[index] = demand.state(admits: true, local.1, book.rules)
            case .refused(let wait):
                call.states[index] = demand.state(admits: false, local.1, book.rules, wait: wait)
                if !demand.limit.shadow { isRefused = true }
            case .unknown:
                if mayWait, local.1.isAsking, local.1.waiters.count < book.rules.waitersMax {
                    putBack(call, demands, now)
                    return .wait(demand)
                }
                call.asked.append(index)
            }
        }
        if isRefused {
            putBack(call, demands, now)
            // Where another limit refuses, those that were not asked about stand as they are known to.
            for index in call.asked {
                call.states[index] = demands[index].state(admits: true, LeaseState(), book.rules)
            }
            return .decided(counted(Admission(BucketStates(call.states.compactMap { $0 })), demands, leased: 0))
        }
        guard !call.asked.isEmpty else {
            let admission = Admission(BucketStates(call.states.compactMap { $0 }))
            return .decided(counted(admission, demands, leased: call.paid.count))
        }
        for index in call.asked { prepareAsk(index, demands[index], &call) }
        return .ask(call)
    }

    private func prepareAsk(_ index: Int, _ demand: BucketDemand, _ call: inout Call) {
        let rules = book.rules
        let (lease, debt) = book.with(demand.key) { table in
            table.withState(demand.key) { state in
                let lease = state.leaseSize(demand.limit, rules)
                if lease > 0 { state.isAsking = true }
                return (lease, state.debt)
            }
        }
        if lease > 0 { call.leases.append(index) }
        call.asks.append(demand.ask(minimum: demand.cost, wanted: demand.cost + lease + debt, rules))
    }

    private func ask(_ call: Call, _ demands: [BucketDemand], _ sent: Int64) async -> BucketOutcome {
        let outcome = await authority.take(call.asks)
        let now = book.around.nowNanoseconds()
        switch outcome {
        case .decided(let grants, let taken):
            book.storeAnswered()
            return .decided(settle(call, demands, grants, taken, sent: sent, now: now))
        case .unavailable(let reason):
            book.storeFailed(reason, now: now)
            return degrade(call, demands, reason, now)
        }
    }

    private func settle(
        _ call: Call, _ demands: [BucketDemand], _ grants: [BucketGrant], _ taken: Int64, sent: Int64, now: Int64
    ) -> Admission {
        var call = call
        let rules = book.rules
        // A minimum that was there is granted unless another was not.
        let isRefused = zip(call.asked, grants).contains { !demands[$0].limit.shadow && $1.waitMicroseconds > 0 }
        for (index, grant) in zip(call.asked, grants) {
            let demand = demands[index]
            let isThere = grant.waitMicroseconds == 0
            let wait = grant.waitMicroseconds * 1_000
            let isLeasing = call.leases.contains(index)
            let (state, waiters) = book.with(demand.key) { table in
                if isThere, !isRefused, grant.grantedTokens > demand.cost, table.entries[demand.key] != nil {
                    table.holding[demand.key] = demand
                }
                return table.withState(demand.key) { state in
                    if !isThere {
                        state.refused(
                            cost: demand.cost, remaining: grant.remainingTokens, waitNanoseconds: wait, rules, now: now)
                    } else if !isRefused {
                        state.granted(
                            grant.grantedTokens, cost: demand.cost, remaining: grant.remainingTokens,
                            sentNanoseconds: sent, takenMicroseconds: taken, rules, now: now)
                    }
                    return (state, isLeasing ? state.endAsking() : [])
                }
            }
            for waiter in waiters { waiter.resume() }
            call.states[index] = demand.state(admits: isThere, state, rules, wait: wait)
        }
        if isRefused { putBack(call, demands, now) }
        if !call.leases.isEmpty { reclaimInBackground() }
        let admission = Admission(BucketStates(call.states.compactMap { $0 }))
        return counted(admission, demands, leased: isRefused ? 0 : call.paid.count, asked: 1)
    }

    private func putBack(_ call: Call, _ demands: [BucketDemand], _ now: Int64) {
        for index in call.paid {
            let demand = demands[index]
            book.with(demand.key) { table in
                table.withState(demand.key) { $0.putBack(demand.cost, now: now) }
            }
        }
    }

    private func counted(
        _ admission: Admission, _ demands: [BucketDemand], leased: Int, asked: UInt64 = 0
    ) -> Admission {
        book.with(demands[0].key) { table in
            table.gauges.count(admission)
            table.gauges.leased &+= UInt64(leased)
            table.gauges.asked &+= asked
        }
        return admission
    }

    // MARK: waiting for somebody else's lease

    private func waitForLease(_ demand: BucketDemand) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let waits = book.with(demand.key) { table in
                guard table.entries[demand.key]?.isAsking == true else { return false }
                table.entries[demand.key]?.waiters.append(continuation)
                return true
            }
            if !waits { continuation.resume() }
        }
    }

    // MARK: the store is away

    /// Decides on this node alone, as each limit says.
    private func degrade(_ call: Call, _ demands: [BucketDemand], _ reason: String, _ now: Int64) -> BucketOutcome {
        for index in call.leases {
            let waiters = book.with(demands[index].key) { table in
                table.entries[demands[index].key]?.endAsking() ?? []
            }
            for waiter in waiters { waiter.resume() }
        }
        var call = call
        let asked = call.asked.map { demands[$0] }
        book.with(demands[0].key) { table in
            table.gauges.degraded &+= 1
            table.gauges.failures &+= call.asks.isEmpty ? 0 : 1
        }
        guard !asked.contains(where: { $0.limit.onStoreFailure == .deny && !$0.limit.shadow }) else {
            putBack(call, demands, now)
            return .unavailable(reason)
        }
        let nodes = max(book.around.nodeCount(), 1)
        for index in call.asked {
            let demand = demands[index]
            call.states[index] =
                demand.limit.onStoreFailure == .allow
                ? demand.state(admits: true, LeaseState(), book.rules) : share(of: demand, nodes, takes: false, now)
        }
        var admission = Admission(BucketStates(call.states.compactMap { $0 }))
        if admission.isAdmitted {
            for index in call.asked where demands[index].limit.onStoreFailure == .local {
                call.states[index] = share(of: demands[index], nodes, takes: true, now)
            }
            admission = Admission(BucketStates(call.states.compactMap { $0 }))
        }
        if !admission.isAdmitted { putBack(call, demands, now) }
        return .degraded(counted(admission, demands, leased: admission.isAdmitted ? call.paid.count : 0), reason)
    }

    /// This node's share of a bucket: rate and burst divided by the nodes that live, from the level that was last told on.
    private func share(of demand: BucketDemand, _ nodes: Int, takes: Bool, _ now: Int64) -> BucketState {
        let limit = demand.limit
        let part = RateLimit(
            name: limit.name, capacityTokens: max(limit.capacityTokens / nodes, 1),
            ratePerMinute: max(limit.ratePerMinute / nodes, 1), shadow: limit.shadow)
        // Where there is no room for one more bucket, all such buckets of the limit share one.
        let hasRoom = book.with(demand.key) { $0.hasRoom(demand.key) }
        let key = hasRoom ? demand.key : book.hasher.overflowKey(limitName: limit.name)
        return book.with(key) { table in
            table.withState(key, always: true) { state in
                var bucket: TokenBucket
                if let known = state.share {
                    bucket = known.refilled(for: part, nowNanoseconds: now)
                } else {
                    bucket = TokenBucket(full: part, nowNanoseconds: now)
                    if let left = state.sharedRemaining { bucket.spend(max(part.capacityTokens - left / nodes, 0)) }
                }
                let holds = bucket.holds(demand.cost)
                if holds, takes {
                    bucket.spend(demand.cost)
                    state.debt = min(state.debt + demand.cost, limit.capacityTokens)
                }
                state.share = bucket
                return BucketState(
                    verdict: holds ? .admits : .refuses, shadow: limit.shadow, sharesOverflow: !hasRoom,
                    remainingTokens: bucket.wholeTokens,
                    fullAfterNanoseconds: bucket.nanosecondsUntilFull(limit: part, nowNanoseconds: now),
                    waitNanoseconds: holds
                        ? 0 : bucket.nanosecondsUntilHolding(demand.cost, limit: part, nowNanoseconds: now))
            }
        }
    }

    // MARK: in the background

    private func refillInBackground(_ demand: BucketDemand) {
        book.around.spawn { await refill(demand) }
    }

    /// Takes the next lease before the last one is used up.
    private func refill(_ demand: BucketDemand) async {
        let rules = book.rules
        let sent = book.around.nowNanoseconds()
        let (size, debt) = book.with(demand.key) { table in
            guard var state = table.entries[demand.key] else { return (0, 0) }
            state.isAsking = false
            return (state.leaseSize(demand.limit, rules), state.debt)
        }
        var outcome = AuthorityOutcome.unavailable("the store is away")
        if size > 0, book.wantsToAsk(now: sent) == .ask {
            outcome = await authority.take([demand.ask(minimum: 0, wanted: size + debt, rules)])
        }
        let now = book.around.nowNanoseconds()
        let waiters = book.with(demand.key) { table in
            table.gauges.refills &+= 1
            if case .decided(let grants, let taken) = outcome, let grant = grants.first,
                table.entries[demand.key] != nil
            {
                table.entries[demand.key]?.granted(
                    grant.grantedTokens, cost: 0, remaining: grant.remainingTokens, sentNanoseconds: sent,
                    takenMicroseconds: taken, rules, now: now)
                table.holding[demand.key] = demand
            }
            return table.entries[demand.key]?.endAsking() ?? []
        }
        for waiter in waiters { waiter.resume() }
        switch outcome {
        case .decided:
            book.storeAnswered()
            reclaimInBackground()
        case .unavailable(let reason) where size > 0: book.storeFailed(reason, now: now)
        case .unavailable: break
        }
    }

    private func probeInBackground() {
        book.around.spawn {
            let answered = await authority.probe()
            book.storeProbed(answered: answered, now: book.around.nowNanoseconds())
        }
    }

    /// Gives idle tokens back while there are any; one loop for a node.
    private func reclaimInBackground() {
        guard book.beginReclaiming() else { return }
        book.around.spawn {
            while true {
                await book.around.sleep(book.rules.lifetimeNanoseconds / 4)
                let (asks, isHolding) = book.reclaim(now: book.around.nowNanoseconds())
                for ask in asks { _ = await authority.take([ask]) }
                guard isHolding else { break }
            }
            book.endReclaiming()
        }
    }
}
