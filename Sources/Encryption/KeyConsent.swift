/// When a key may seal in a cluster: not by its time alone, but once every node holds it.
///
/// Each node says which keys it holds, by their ids. A key whose time has come waits until all of them do, so that a node which
/// lags behind never gets what it cannot open; it waits no longer than a patience, so that a node which is broken holds up
/// nobody for good. Decides by what it is told, without a clock.
package struct KeyConsent: Sendable {
    /// What is known of the other nodes.
    package enum Others: Sendable, Hashable {
        /// There are none, or nobody asks: time alone decides.
        case nobody
        /// There may be some, and it is not known yet what they hold.
        case unknown
        /// The ids of the keys that each one holds.
        case known([Set<String>])
    }

    /// How long a key waits at most, from its time on or from when it came here, whichever is later.
    private let patienceMilliseconds: Int64
    /// When each key of the ring came here.
    private var cameAt: [String: Int64] = [:]
    /// Since when another node has held a key that is not here.
    private var lacksSince: Int64?

    package init(patienceMilliseconds: Int64) {
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// The ids of keys that must wait.
    package mutating func heldBack(_ ring: KeyRing, _ others: Others, nowUnixMilliseconds now: Int64) -> Set<String> {
        let ids = Set(ring.keys.map(\.id))
        cameAt = cameAt.filter { ids.contains($0.key) }
        var waiting: Set<String> = []
        for key in ring.keys {
            let came = cameAt[key.id] ?? now
            // A clock that was set back must not make a key wait for longer.
            cameAt[key.id] = min(came, now)
            guard now < max(min(came, now), key.activeFromMilliseconds) + patienceMilliseconds else { continue }
            let isHeldByAll =
                switch others {
                case .nobody: true
                case .unknown: false
                case .known(let nodes): nodes.allSatisfy { $0.contains(key.id) }
                }
            if !isHeldByAll { waiting.insert(key.id) }
        }
        return waiting
    }

    /// The ids of keys that some other node holds and this one has lacked for a while; sorted.
    ///
    /// - Parameter toleranceMilliseconds: how long nodes may differ, for they do not read at the same moment.
    package mutating func lacking(
        _ ring: KeyRing, _ others: Others, toleranceMilliseconds: Int64, nowUnixMilliseconds now: Int64
    ) -> [String] {
        guard case .known(let nodes) = others else { return [] }
        let missing = nodes.reduce(into: Set<String>()) { $0.formUnion($1) }.subtracting(ring.keys.map(\.id))
        guard !missing.isEmpty else {
            lacksSince = nil
            return []
        }
        let since = min(lacksSince ?? now, now)
        lacksSince = since
        return now - since >= toleranceMilliseconds ? missing.sorted() : []
    }
}
