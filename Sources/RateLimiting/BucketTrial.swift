/// One demand while its call is being decided.
struct BucketTrial {
    /// Where the bucket is kept.
    enum Place {
        /// In the shard, under the demand's own key.
        case shard
        /// Nowhere yet; room for it is reserved.
        case reserved
        /// In the overflow table, under the key that all keys of this limit share.
        case overflow
    }

    var key: BucketKey
    /// The bucket refilled up to now, before anything is taken.
    var bucket = TokenBucket.vacant
    /// What this demand and earlier ones of the same call take from the same bucket.
    var wanted = 0
    /// Whether what is wanted was used already.
    var isCharge = false
    var place: Place = .shard
    var verdict: BucketState.Verdict = .refusesForGood

    init(key: BucketKey) { self.key = key }

    /// What this bucket alone says.
    mutating func judge(_ demand: BucketDemand, bucket: TokenBucket, wanted: Int) {
        self.bucket = bucket
        self.wanted = wanted
        isCharge = demand.isCharge
        guard !isCharge else {
            verdict = demand.limit.canEverAdmit(cost: 0) ? .admits : .refusesForGood
            return
        }
        guard demand.limit.canEverAdmit(cost: wanted) else {
            verdict = .refusesForGood
            return
        }
        verdict = bucket.holds(wanted) ? .admits : .refuses
    }

    /// The bucket after the call took from it.
    func bucketAfterwards(_ limit: RateLimit) -> TokenBucket {
        var bucket = bucket
        if isCharge { bucket.charge(wanted, limit: limit) } else { bucket.spend(wanted) }
        return bucket
    }

    /// The state to tell, as it is after the call.
    func state(of demand: BucketDemand, taken: Bool, nowNanoseconds: Int64) -> BucketState {
        let limit = demand.limit
        let after = taken && verdict == .admits ? bucketAfterwards(limit) : bucket
        let isOff = limit.ratePerMinute == 0
        return BucketState(
            verdict: verdict, shadow: limit.shadow, sharesOverflow: place == .overflow,
            remainingTokens: isOff ? 0 : after.wholeTokens,
            fullAfterNanoseconds: isOff ? 0 : after.nanosecondsUntilFull(limit: limit, nowNanoseconds: nowNanoseconds),
            waitNanoseconds: verdict == .refuses
                ? bucket.nanosecondsUntilHolding(wanted, limit: limit, nowNanoseconds: nowNanoseconds) : 0)
    }
}
