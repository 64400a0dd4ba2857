extension LeasedBucketStore {
    /// Gives back everything that is held; for the end of the node.
    package func giveEverythingBack() async {
        await giveBack(book.reclaim(now: book.around.nowNanoseconds(), isLast: true).asks)
    }

    /// Takes the next lease before the last one is used up.
    func refillInBackground(_ demand: BucketDemand, _ lease: Int) {
        guard !book.around.spawn({ await refill(demand, lease) }) else { return }
        // The node ends: who waits for this lease would wait for ever.
        let waiters = book.with(demand.key) { $0.entries[demand.key]?.endAsking() ?? [] }
        for waiter in waiters { waiter.resume(returning: .unavailable) }
    }

    private func refill(_ demand: BucketDemand, _ lease: Int) async {
        let rules = book.rules
        let sent = book.around.nowNanoseconds()
        let owed = book.with(demand.key) { $0.entries[demand.key]?.takeDebt() ?? 0 }
        let outcome = await authority.take([demand.ask(minimum: 0, wanted: lease + owed, rules)])
        let grant = outcome.grant(upTo: lease + owed)
        let now = book.around.nowNanoseconds()
        let waiters: [LeaseWaiter] = book.with(demand.key) { table in
            table.gauges.refills &+= 1
            if grant == nil { table.gauges.failures &+= 1 }
            return table.withTokens(of: demand, now: now) { state in
                if let grant {
                    state.granted(
                        book.batch(grant.tokens, grant.taken, sent: sent), cost: 0, owed: owed, wanted: lease + owed,
                        remaining: grant.tokens.remainingTokens, rules, now: now)
                } else {
                    state.owes(owed)
                }
                return state.endAsking()
            }
        }
        for waiter in waiters { waiter.resume(returning: grant == nil ? .unavailable : .answered) }
        guard grant == nil else {
            book.storeAnswered()
            if let grant { book.noteMade([grant.tokens], for: demand.key, now: now) }
            return reclaimInBackground()
        }
        if case .unavailable(let reason) = outcome { storeFailed(reason) } else { storeFailed("the answer is none") }
    }

    /// Counts a failure; with the one that opens the breaker begins the probing, which ends when the store answers.
    func storeFailed(_ reason: String) {
        guard let first = book.storeFailed(reason) else { return }
        let sleep = book.around.sleep
        let authority = authority
        _ = book.around.spawn { [weak book] in
            var wait = first
            while true {
                await sleep(wait)
                // A node that is gone has nobody to probe for.
                guard book != nil, !Task.isCancelled else { return }
                let answered = await authority.probe()
                guard let next = book?.storeProbed(answered: answered) else { return }
                wait = next
            }
        }
    }

    /// Gives idle tokens back while there are any; one loop for a node.
    func reclaimInBackground() {
        guard book.beginReclaiming() else { return }
        _ = book.around.spawn {
            while true {
                await book.around.sleep(book.rules.lifetimeNanoseconds / 4)
                guard !Task.isCancelled else { return }
                let (asks, isHolding) = book.reclaim(now: book.around.nowNanoseconds())
                await giveBack(asks)
                guard isHolding || book.endReclaiming() else { return }
            }
        }
    }

    private func giveBack(_ asks: [BucketAsk]) async {
        var rest = asks[...]
        // What a store that is away does not take is lost, and refilled in time.
        while !rest.isEmpty, book.isStoreAsked {
            _ = await authority.take(Array(rest.prefix(book.rules.returnsPerCallMax)))
            rest = rest.dropFirst(book.rules.returnsPerCallMax)
        }
    }
}

extension AuthorityOutcome {
    /// What was granted to an ask for a lease alone, where the answer adds up.
    fileprivate func grant(upTo wanted: Int) -> (tokens: BucketGrant, taken: Int64)? {
        guard case .decided(let grants, let taken) = self, grants.count == 1,
            (0...wanted).contains(grants[0].grantedTokens)
        else { return nil }
        return (grants[0], taken)
    }
}
