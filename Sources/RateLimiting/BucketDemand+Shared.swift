extension BucketDemand {
    /// What the shared store is asked.
    func ask(minimum: Int, wanted: Int, _ rules: LeaseRules) -> BucketAsk {
        BucketAsk(
            name: BucketName(limit: limit.name, fields), capacityTokens: rules.sharedCapacity(limit),
            ratePerMinute: limit.ratePerMinute, minimumTokens: minimum, wantedTokens: wanted, isShadow: limit.shadow)
    }

    /// How the bucket stands as far as this node knows.
    ///
    /// - Parameter remaining: tokens left, as the store said and as this node holds; nil when it has not been asked.
    func state(admits: Bool, remaining: Int?, wait: Int64 = 0) -> BucketState {
        let left = min(limit.capacityTokens, remaining ?? limit.capacityTokens)
        let missing = Int64(limit.capacityTokens - left)
        return BucketState(
            verdict: admits ? .admits : .refuses, shadow: limit.shadow, sharesOverflow: false, remainingTokens: left,
            fullAfterNanoseconds: limit.ratePerMinute > 0 ? missing * 60_000_000_000 / Int64(limit.ratePerMinute) : 0,
            waitNanoseconds: admits ? 0 : wait)
    }

    /// No waiting helps: no rate, no burst, or a cost above it.
    var hopelessState: BucketState {
        BucketState(
            verdict: .refusesForGood, shadow: limit.shadow, sharesOverflow: false, remainingTokens: 0,
            fullAfterNanoseconds: 0, waitNanoseconds: 0)
    }
}
