import Identity

/// What one node asks the store before it may ask the issuer.
struct KeySetQuestion: Sendable, Hashable {
    /// Which attempt asks; the lock, if it is given, is this one's.
    var token: [UInt8]
    /// Why; tokens with unknown key ids may cause one fetch in a while.
    var reason: KeySetFetchReason
    /// The first line of the copy that is known already; it is not sent again.
    var knownLabel: [UInt8] = []
    /// Whether copies are read at all, or only the lock is asked for.
    var readsCopies = true
    /// Whether to ask the issuer although another node failed a moment ago.
    var ignoresFailure = false
}

/// What the store says to it.
struct KeySetAnswer: Sendable, Hashable {
    enum Outcome: Sendable, Hashable {
        /// There is a value other than the known one.
        case copy([UInt8])
        /// There is a value that cannot be one of ours; the label names it in the next question.
        case unusable(label: [UInt8], reason: String)
        /// The lock is given: ask the issuer, then store or give up.
        case mayFetch
        /// Another attempt holds the lock.
        case held
        /// The cluster asked the issuer for an unknown key id a moment ago.
        case tooSoon
        /// Another node asked a moment ago and got nothing; its words.
        case failedElsewhere(String)
    }

    /// The store's own time.
    let nowMilliseconds: Int64
    let outcome: Outcome
}

/// Where the nodes of a cluster share one issuer's key set and agree who fetches it.
protocol KeySetShare: Sendable {
    /// A newer copy, the right to fetch, or why neither.
    func ask(_ question: KeySetQuestion) async -> Result<KeySetAnswer, RedisFailure>

    /// Stores a copy, gives the lock back and tells the other nodes.
    ///
    /// - Parameters:
    ///   - token: of the attempt that holds the lock.
    ///   - timeToLiveMilliseconds: how long the copy may serve.
    /// - Returns: false when the lock was not ours any more; nothing is stored then.
    func store(_ copy: [UInt8], token: [UInt8], timeToLiveMilliseconds: Int64) async -> Result<Bool, RedisFailure>

    /// Gives the lock back without a copy; with a failure the others know for a moment that asking is in vain.
    func giveUp(token: [UInt8], failure: String?) async -> Result<Void, RedisFailure>

    /// The copy, if it is another than the known one, without a lock.
    func newerCopy(knownLabel: [UInt8]) async -> Result<KeySetAnswer?, RedisFailure>
}
