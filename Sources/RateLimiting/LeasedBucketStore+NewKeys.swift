/// What becomes of a request whose bucket would be one new one too many (pitfall S22): see ``LeaseRules/newKeysPerMinuteMax``.
extension LeasedBucketStore {
    /// Decides the demands on buckets that were not made on this node alone, and asks the store for the others.
    ///
    /// A rule that lets nothing pass without the store refuses. All others count this node's share, also where they would let
    /// everything pass: a store that is away is nobody's doing, and minting keys would be a way around the limit.
    func goOn(
        _ asked: LeaseCall, _ demands: [BucketDemand], without places: [Int], started: Int64, _ now: Int64
    ) async -> BucketOutcome {
        var call = asked
        let reason = "more new buckets than this node may make in a minute"
        let withheld = demands.indices.filter { index in call.askOf[index].map(places.contains) ?? false }
        book.noteWithheld(withheld.count, for: demands[0].key, now: now)
        book.with(demands[0].key) { $0.gauges.degraded &+= 1 }
        guard let shared = takeShares(withheld, of: &call, demands, mayPassUncounted: false, now) else {
            putBack(call, demands, now)
            return .unavailable(reason)
        }
        call.drop(places)
        guard !call.isRefused, !call.asks.isEmpty else {
            if call.isRefused { putSharesBack(shared, of: &call, demands, now) }
            return .degraded(decideHere(&call, demands, now), reason)
        }
        let outcome = await ask(call, demands, book.around.nowNanoseconds(), started: started)
        switch outcome {
        case .decided(let admission):
            if !admission.isAdmitted { putSharesBack(shared, of: &call, demands, now) }
            return .degraded(admission, reason)
        case .degraded(let admission, _):
            if !admission.isAdmitted { putSharesBack(shared, of: &call, demands, now) }
            return outcome
        case .unavailable:
            putSharesBack(shared, of: &call, demands, now)
            return outcome
        }
    }
}
