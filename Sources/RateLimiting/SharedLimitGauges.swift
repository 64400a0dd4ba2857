/// Counts of a node's shared limits, for metrics.
package struct SharedLimitGauges: Sendable, Hashable {
    /// Demands paid from tokens that were held already.
    package var leased: UInt64 = 0
    /// Calls to the shared store for a request.
    package var asked: UInt64 = 0
    /// Calls to the shared store for a lease ahead of use.
    package var refills: UInt64 = 0
    /// Requests that an enforced limit refused.
    package var refused: UInt64 = 0
    /// Requests that every enforced limit admitted.
    package var admitted: UInt64 = 0
    /// Refusals that a shadow limit would have made.
    package var shadowRefused: UInt64 = 0
    /// Requests decided while the store was away.
    package var degraded: UInt64 = 0
    /// Calls that the store did not answer.
    package var failures: UInt64 = 0
    /// Tokens credited to the shared store, unspent.
    package var returned: UInt64 = 0
    /// Tokens held too long and dropped, those included that a bucket had regained when they were given back.
    package var expired: UInt64 = 0
    /// Buckets that this node made in the shared store.
    package var keysMade: UInt64 = 0
    /// Demands counted here alone, because their bucket would have been one too many new ones.
    package var keysWithheld: UInt64 = 0
    /// What requests came to after their admission.
    package var settled = SettlementGauges()
    /// Buckets remembered now.
    package var entries = 0

    mutating func count(_ admission: Admission) {
        switch admission {
        case .admitted: admitted &+= 1
        case .refused: refused &+= 1
        }
        for state in admission.states where state.isShadowRefusal { shadowRefused &+= 1 }
    }

    mutating func add(_ other: SharedLimitGauges) {
        leased &+= other.leased
        asked &+= other.asked
        refills &+= other.refills
        refused &+= other.refused
        admitted &+= other.admitted
        shadowRefused &+= other.shadowRefused
        degraded &+= other.degraded
        failures &+= other.failures
        returned &+= other.returned
        expired &+= other.expired
        keysMade &+= other.keysMade
        keysWithheld &+= other.keysWithheld
        settled.add(other.settled)
        entries += other.entries
    }
}
