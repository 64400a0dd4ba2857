/// What an admitted demand cost in the end, against what it paid.
///
/// More is charged, also where the bucket does not hold it: it then owes, by ``RateLimit/debtTokensMax`` at most, and admits nobody until
/// refill has paid. Less comes back, up to a full bucket. So in any interval what was taken and charged, less what came back, is at most
/// burst + rate × time and what the bucket may owe; where nothing costs more than it paid, burst + rate × time.
package struct BucketSettlement: Sendable {
    /// The demand as it was taken.
    package let demand: BucketDemand
    /// What the worker said, at least 0; nil when it said nothing: then what was paid stands.
    package let actualCost: Int?
    /// Whether this node's share paid, because the shared store was away.
    package let isDegraded: Bool

    /// Makes a settlement.
    package init(demand: BucketDemand, actualCost: Int?, isDegraded: Bool = false) {
        self.demand = demand
        self.actualCost = actualCost.map { max($0, 0) }
        self.isDegraded = isDegraded
    }

    /// Tokens to charge, or less than 0 to give back.
    var deltaTokens: Int { actualCost.map { $0 - demand.cost } ?? 0 }
}

/// Counts of settlements, for metrics.
package struct SettlementGauges: Sendable, Hashable {
    /// Demands that were settled by what a worker said.
    package var reported: UInt64 = 0
    /// Demands whose worker said nothing.
    package var unreported: UInt64 = 0
    /// Tokens charged after the admission.
    package var chargedTokens: UInt64 = 0
    /// Tokens that came back after the admission.
    package var creditedTokens: UInt64 = 0

    mutating func count(_ settlement: BucketSettlement) {
        guard settlement.actualCost != nil else {
            unreported &+= 1
            return
        }
        reported &+= 1
        let delta = settlement.deltaTokens
        if delta > 0 { chargedTokens &+= UInt64(delta) } else { creditedTokens &+= UInt64(-delta) }
    }

    mutating func add(_ other: SettlementGauges) {
        reported &+= other.reported
        unreported &+= other.unreported
        chargedTokens &+= other.chargedTokens
        creditedTokens &+= other.creditedTokens
    }
}
