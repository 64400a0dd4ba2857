extension LeasedBucketStore {
    /// Asks the store for what is not held, and with it for a lease of what is hot.
    ///
    /// - Parameter started: when the request first asked, if it has asked before: what it holds is no younger.
    func ask(
        _ planned: LeaseCall, _ demands: [BucketDemand], _ sent: Int64, started: Int64? = nil
    ) async -> BucketOutcome {
        var call = planned
        let mayMake = book.mayMakeKeys(call.asks.count, now: sent)
        let rules = book.rules
        var asks: [BucketAsk] = []
        asks.reserveCapacity(call.asks.count)
        for place in call.asks.indices {
            let demand = demands[call.asks[place].first]
            let planned = call.asks[place]
            let ask = book.with(demand.key) { table in
                table.withState(demand.key, now: sent) { state in
                    var ask = planned
                    ask.part = state.takePart(of: ask.cost, rules, now: sent)
                    ask.lease = state.beginLease(demand.limit, rules)
                    ask.owed = state.takeDebt()
                    return ask
                }
            }
            call.asks[place] = ask
            var question = demand.ask(minimum: ask.minimum, wanted: ask.wanted, rules)
            question.isKnownOnly = !mayMake
            asks.append(question)
        }
        let outcome = await authority.take(asks)
        let now = book.around.nowNanoseconds()
        switch outcome {
        case .decided(let grants, let taken):
            guard call.isAnswered(by: grants, demands) else { return fail(call, demands, "the answer is none", now) }
            // What a node that stood still for so long was granted would be spent when the bucket has filled up behind it.
            guard
                now - (started ?? sent) <= rules.answerNanosecondsMax
                    || !demands.contains(where: { rules.isLeasable($0.limit) })
            else { return fail(call, demands, "the answer came too late to be used", now) }
            book.storeAnswered()
            book.noteMade(grants, for: demands[0].key, now: now)
            return .decided(settle(call, demands, grants, taken, sent: sent, now: now))
        case .withheld(let places):
            guard !mayMake, !places.isEmpty, places.allSatisfy({ call.asks.indices.contains($0) }) else {
                return fail(call, demands, "the answer is none", now)
            }
            book.storeAnswered()
            restore(call, demands, .answered, now)
            return await goOn(call, demands, without: places, started: started ?? sent, now)
        case .unavailable(let reason): return fail(call, demands, reason, now)
        }
    }

    private func fail(_ call: LeaseCall, _ demands: [BucketDemand], _ reason: String, _ now: Int64) -> BucketOutcome {
        storeFailed(reason)
        book.with(demands[0].key) { table in
            table.gauges.asked &+= 1
            table.gauges.failures &+= 1
        }
        restore(call, demands, .unavailable, now)
        return degrade(call, demands, reason, now)
    }

    /// Puts back what an ask that took nothing was to use, and lets go who waited for it.
    private func restore(_ call: LeaseCall, _ demands: [BucketDemand], _ end: LeaseEnd, _ now: Int64) {
        for ask in call.asks {
            let demand = demands[ask.first]
            let waiters = book.with(demand.key) { table in
                table.withTokens(of: demand, now: now) { state in
                    state.owes(ask.owed)
                    state.putBack(ask.part, now: now)
                    return ask.lease > 0 ? state.endAsking() : []
                }
            }
            for waiter in waiters { waiter.resume(returning: end) }
        }
    }

    private func settle(
        _ asked: LeaseCall, _ demands: [BucketDemand], _ grants: [BucketGrant], _ taken: Int64, sent: Int64,
        now: Int64
    ) -> Admission {
        var call = asked
        let refuses = call.isRefused(by: grants, demands)
        for (place, grant) in grants.enumerated() {
            let ask = call.asks[place]
            let demand = demands[ask.first]
            let (remaining, waiters) = book.with(demand.key) { table in
                note(grant, ask, demand, isTaken: !refuses, taken, sent: sent, now: now, in: &table)
            }
            for waiter in waiters { waiter.resume(returning: .answered) }
            let state = demand.state(
                admits: grant.isThere, remaining: remaining, wait: grant.waitMicroseconds * 1_000)
            for index in demands.indices where call.askOf[index] == place { call.settle(index, state) }
        }
        if refuses { putBack(call, demands, now) }
        if call.asks.contains(where: { $0.lease > 0 || $0.part.tokens > 0 }) { reclaimInBackground() }
        book.with(demands[0].key) { $0.gauges.asked &+= 1 }
        return counted(call.admission, demands, leased: refuses ? 0 : call.paid.count)
    }

    private func note(
        _ grant: BucketGrant, _ ask: LeaseCall.Ask, _ demand: BucketDemand, isTaken: Bool, _ taken: Int64, sent: Int64,
        now: Int64, in table: inout LeaseShard.Table
    ) -> (remaining: Int?, waiters: [LeaseWaiter]) {
        let rules = book.rules
        return table.withTokens(of: demand, now: now) { state in
            if !grant.isThere {
                state.refused(
                    cost: ask.cost, owed: ask.owed, remaining: grant.remainingTokens,
                    waitNanoseconds: grant.waitMicroseconds * 1_000, demand.limit, rules, now: now)
                state.putBack(ask.part, now: now)
            } else if isTaken {
                state.granted(
                    book.batch(grant, taken, sent: sent), cost: ask.minimum, owed: ask.owed, wanted: ask.wanted,
                    remaining: grant.remainingTokens, rules, now: now)
            } else {
                state.owes(ask.owed)
                state.putBack(ask.part, now: now)
            }
            return (state.knownTokens, ask.lease > 0 ? state.endAsking() : [])
        }
    }

    /// Waits until the lease that is under way has come, or has not.
    func waitForLease(_ demand: BucketDemand) async -> LeaseEnd {
        let rules = book.rules
        return await withUnsafeContinuation { (continuation: LeaseWaiter) in
            let waits = book.with(demand.key) { $0.entries[demand.key]?.wait(continuation, rules) ?? false }
            if !waits { continuation.resume(returning: .answered) }
        }
    }
}

extension BucketGrant {
    /// Whether the minimum was there.
    var isThere: Bool { waitMicroseconds <= 0 }
}

extension LeaseCall {
    /// Whether a minimum of an enforced limit was not there.
    func isRefused(by grants: [BucketGrant], _ demands: [BucketDemand]) -> Bool {
        zip(asks, grants).contains { !demands[$0.first].limit.shadow && !$1.isThere }
    }

    /// Whether an answer adds up: as many grants as asks, and each what was asked for.
    func isAnswered(by grants: [BucketGrant], _ demands: [BucketDemand]) -> Bool {
        guard grants.count == asks.count else { return false }
        let refuses = isRefused(by: grants, demands)
        return zip(asks, grants).allSatisfy { ask, grant in
            guard grant.isThere, !refuses else { return grant.grantedTokens == 0 }
            return grant.grantedTokens >= ask.minimum && grant.grantedTokens <= ask.wanted
        }
    }
}

extension LeaseBook {
    /// What was granted, with its age: from the sending of the ask on, for the store took it later.
    func batch(_ grant: BucketGrant, _ taken: Int64, sent: Int64) -> LeaseState.Batch {
        LeaseState.Batch(
            tokens: grant.grantedTokens, expiresNanoseconds: sent + rules.lifetimeNanoseconds, takenMicroseconds: taken)
    }
}
