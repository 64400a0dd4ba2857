/// The buckets of a cluster as one event loop sees them: tokens are taken from the shared store before they are used, ahead of use
/// where a bucket is hot, and spent here. ``LeaseRules`` says why that never admits more than burst + rate × time.
///
/// - **Hot buckets** are leased: a batch of tokens, as much as this node lately spent in a window, is taken ahead of use and asked
///   for while the last one still lasts, so that no request waits for it. One such ask for a bucket is under way at a time.
/// - **Cold buckets and small limits** are asked for each request. All limits of a request are taken together or not at all: what was
///   taken here goes back when the store refuses.
/// - **A refusal** is remembered until the next token is due.
/// - **Away**, the store costs nobody anything after the first few: see ``StoreBreaker`` and ``StoreFailureMode``.
package struct LeasedBucketStore<Authority: BucketAuthority>: BucketStore {
    let book: LeaseBook
    let authority: Authority

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
    /// The warm path: no waiting, and nothing is allocated but once for a lease.
    package func takeNow(_ demand: BucketDemand, nowNanoseconds now: Int64) -> Admission? {
        let rules = book.rules
        let isStoreAsked = book.isStoreAsked
        let decided = book.with(demand.key) { $0.takeNow(demand, rules, isStoreAsked: isStoreAsked, now: now) }
        guard let decided else { return nil }
        if decided.lease > 0 { refillInBackground(demand, decided.lease) }
        return decided.admission
    }

    private func takeTogether(_ demands: [BucketDemand], _ started: Int64) async -> BucketOutcome {
        var looks = 0
        var hasPaid = false
        while true {
            let now = looks == 0 ? started : book.around.nowNanoseconds()
            switch plan(demands, mayAsk: !hasPaid, mayWait: looks < book.rules.looksMax, now: now) {
            case .decided(let admission): return .decided(admission)
            case .ask(let call): return await ask(call, demands, now)
            case .degrade(let call): return degrade(call, demands, "the store is away", now)
            case .wait(let demand):
                // A store that is away costs a request its budget once: neither another wait nor an ask of its own follows.
                hasPaid = await waitForLease(demand) == .unavailable
                looks += 1
            }
        }
    }

    private enum Plan {
        case decided(Admission)
        case ask(LeaseCall)
        case degrade(LeaseCall)
        case wait(BucketDemand)
    }

    /// Takes what is held here, and finds out what the store is to be asked for.
    private func plan(_ demands: [BucketDemand], mayAsk: Bool, mayWait: Bool, now: Int64) -> Plan {
        var call = LeaseCall(demandCount: demands.count)
        let rules = book.rules
        for (index, demand) in demands.enumerated() {
            guard rules.canEverAdmit(demand.limit, cost: demand.cost) else {
                call.settle(index, demand.hopelessState)
                continue
            }
            guard !call.join(index, demands, rules) else { continue }
            let (local, remaining, isAsking) = book.with(demand.key) { table in
                table.withState(demand.key, now: now) { state in
                    (state.take(demand.cost, rules, now: now), state.knownTokens, state.isAsking)
                }
            }
            switch local {
            case .taken(let batch)
            where demands.count > 1 && mayAsk && book.isStoreAsked
                && batch.expiresNanoseconds - now < rules.answerNanosecondsMax:
                // Another limit may have to be asked for, and this would be spent too old then.
                putBack(batch, of: demand, now)
                call.ask(index, demand)
            case .taken(let batch):
                call.paid.append((index, batch))
                call.settle(index, demand.state(admits: true, remaining: remaining))
            case .refused(let wait):
                call.settle(index, demand.state(admits: false, remaining: remaining, wait: wait))
            case .unknown:
                if mayAsk, mayWait, isAsking {
                    putBack(call, demands, now)
                    return .wait(demand)
                }
                call.ask(index, demand)
            }
        }
        guard !call.isRefused, !call.asks.isEmpty else { return .decided(decideHere(&call, demands, now)) }
        guard mayAsk, book.isStoreAsked else { return .degrade(call) }
        return .ask(call)
    }

    /// Decides without the store.
    func decideHere(_ call: inout LeaseCall, _ demands: [BucketDemand], _ now: Int64) -> Admission {
        if call.isRefused { putBack(call, demands, now) }
        // Where another limit refuses, those that were not asked about stand as they are known to.
        for (index, ask) in call.askOf.enumerated() where ask != nil {
            let remaining = book.with(demands[index].key) { $0.entries[demands[index].key]?.knownTokens }
            call.states[index] = demands[index].state(admits: true, remaining: remaining)
        }
        return counted(call.admission, demands, leased: call.isRefused ? 0 : call.paid.count)
    }

    func putBack(_ call: LeaseCall, _ demands: [BucketDemand], _ now: Int64) {
        guard !call.paid.isEmpty else { return }
        for (index, batch) in call.paid { putBack(batch, of: demands[index], now) }
        reclaimInBackground()
    }

    private func putBack(_ batch: LeaseState.Batch, of demand: BucketDemand, _ now: Int64) {
        book.with(demand.key) { table in table.withTokens(of: demand, now: now) { $0.putBack(batch, now: now) } }
    }

    func counted(_ admission: Admission, _ demands: [BucketDemand], leased: Int) -> Admission {
        book.with(demands[0].key) { table in
            table.gauges.count(admission)
            table.gauges.leased &+= UInt64(leased)
        }
        return admission
    }
}
