/// What is worth a line in the log of a node that shares key sets, once at each change.
package enum SharedKeySetEvent: Sendable, Hashable {
    /// What lies in Redis is not used, and is replaced at the next fetch; the text says why.
    case copyRejected(String)
    /// Redis does not answer: the node asks the issuer itself.
    case storeLost(RedisFailure)
    /// Redis answers again.
    case storeFound
}

/// How often what happened to one issuer's key set, for metrics.
package struct SharedKeySetFigures: Sendable, Hashable {
    /// Requests to the issuer by this node.
    package var issuerFetches = 0
    /// Of them those made without the cluster's lock.
    package var fetchesAlone = 0
    /// Key sets that another node had fetched.
    package var copiesTaken = 0
    /// Values in Redis that were not used.
    package var copiesRejected = 0
    /// Looks that found another node fetching.
    package var waits = 0
    /// Questions that Redis did not answer.
    package var storeFailures = 0

    mutating func add(_ other: SharedKeySetFigures) {
        issuerFetches += other.issuerFetches
        fetchesAlone += other.fetchesAlone
        copiesTaken += other.copiesTaken
        copiesRejected += other.copiesRejected
        waits += other.waits
        storeFailures += other.storeFailures
    }
}
