/// Counts of a memory store, for metrics.
package struct BucketGauges: Sendable, Hashable {
    /// Buckets held now, those that overflow shares included.
    package var liveKeys = 0
    /// Requests that every enforced limit admitted.
    package var admitted: UInt64 = 0
    /// Requests that an enforced limit refused.
    package var refused: UInt64 = 0
    /// Refusals that a shadow limit would have made.
    package var shadowRefused: UInt64 = 0
    /// Demands decided by a shared overflow bucket, because the table was at its bound.
    package var overflowTakes: UInt64 = 0
    /// Buckets that were full again and left.
    package var evicted: UInt64 = 0
    /// What requests came to after their admission.
    package var settled = SettlementGauges()

    /// Counts a decision; what was used already is none.
    mutating func count(_ admission: Admission, of first: BucketDemand) {
        guard !first.isCharge else { return }
        switch admission {
        case .admitted: admitted &+= 1
        case .refused: refused &+= 1
        }
        for state in admission.states {
            if state.isShadowRefusal { shadowRefused &+= 1 }
            if state.sharesOverflow { overflowTakes &+= 1 }
        }
    }

    mutating func add(_ other: BucketGauges) {
        liveKeys += other.liveKeys
        admitted &+= other.admitted
        refused &+= other.refused
        shadowRefused &+= other.shadowRefused
        overflowTakes &+= other.overflowTakes
        evicted &+= other.evicted
        settled.add(other.settled)
    }
}
