/// Where buckets live: in this process, or shared by a cluster.
///
/// All demands of a call are taken together or not at all; a store decides as `TokenBucket` does.
package protocol BucketStore: Sendable {
    /// Takes all demands or none.
    ///
    /// - Parameters:
    ///   - demands: one for each limit that applies; none are admitted.
    ///   - nowNanoseconds: this node's monotonic time; a store with a clock of its own for all nodes uses that instead.
    func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome

    /// Settles what admitted demands cost in the end, each by itself; nobody waits for it, and it refuses nobody.
    func settle(_ settlements: [BucketSettlement], nowNanoseconds: Int64)
}

/// The answer of a store; that it could not decide is an outcome with a name, never a thrown surprise.
package enum BucketOutcome: Sendable, Hashable {
    /// The store decided.
    case decided(Admission)
    /// The store is away; this node decided by itself, as every limit of the call allows. The text is for the log.
    case degraded(Admission, String)
    /// The store is away, and a limit of the call lets nothing pass then; the text is for the log.
    case unavailable(String)
}
