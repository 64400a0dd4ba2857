/// A request over several buckets, or over one that is not held, while it is being decided.
struct LeaseCall {
    /// What the store is asked of one bucket.
    struct Ask {
        /// The first demand on the bucket; another one on the same bucket joins it.
        let first: Int
        /// What all demands on the bucket cost together.
        var cost: Int
        /// What is held and pays part of it.
        var part = LeaseState.Batch()
        /// Tokens to take ahead of use; others wait for them.
        var lease = 0
        /// Tokens that pay what was admitted while the store was away.
        var owed = 0

        var minimum: Int { cost - part.tokens }
        var wanted: Int { minimum + lease + owed }
    }

    /// What each demand came to so far; nil where the store is asked.
    var states: [BucketState?]
    /// The demands that were paid from what is held, to be put back when another is refused.
    var paid: [(index: Int, batch: LeaseState.Batch)] = []
    var asks: [Ask] = []
    /// For each demand the ask that it belongs to.
    var askOf: [Int?]
    /// Whether an enforced limit has refused already.
    var isRefused = false

    init(demandCount: Int) {
        states = Array(repeating: nil, count: demandCount)
        askOf = Array(repeating: nil, count: demandCount)
    }

    /// The decision, once every demand has a state.
    var admission: Admission { Admission(BucketStates(states.compactMap { $0 })) }

    mutating func settle(_ index: Int, _ state: BucketState) {
        states[index] = state
        if state.isRefusal { isRefused = true }
    }

    /// Joins a demand to the ask of an earlier one on the same bucket.
    ///
    /// - Returns: false when there is none.
    mutating func join(_ index: Int, _ demands: [BucketDemand], _ rules: LeaseRules) -> Bool {
        let demand = demands[index]
        guard let ask = asks.firstIndex(where: { demands[$0.first].key == demand.key }) else { return false }
        let (sum, overflow) = asks[ask].cost.addingReportingOverflow(demand.cost)
        guard !overflow, rules.canEverAdmit(demand.limit, cost: sum) else {
            settle(index, demand.hopelessState)
            return true
        }
        asks[ask].cost = sum
        askOf[index] = ask
        return true
    }

    /// Leaves out asks whose demands have been decided otherwise.
    mutating func drop(_ places: [Int]) {
        var moved: [Int?] = []
        var kept: [Ask] = []
        for (place, ask) in asks.enumerated() {
            moved.append(places.contains(place) ? nil : kept.count)
            if !places.contains(place) { kept.append(ask) }
        }
        asks = kept
        askOf = askOf.map { $0.flatMap { moved[$0] } }
    }

    /// Has the store asked for a demand.
    mutating func ask(_ index: Int, _ demand: BucketDemand) {
        askOf[index] = asks.count
        asks.append(Ask(first: index, cost: demand.cost))
    }
}
