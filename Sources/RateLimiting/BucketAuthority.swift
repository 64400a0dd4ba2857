/// What one bucket of a shared store is asked for.
package struct BucketAsk: Sendable, Hashable {
    /// The bucket's name: the same for every node, one for each tuple of limit and key fields.
    package var name: BucketName
    /// The bucket's burst in tokens.
    package var capacityTokens: Int
    /// Tokens gained in sixty seconds, above 0.
    package var ratePerMinute: Int
    /// What must be there; a call takes every minimum or nothing.
    package var minimumTokens: Int
    /// What is taken if it is there, at least the minimum; less than 0 gives tokens back.
    package var wantedTokens: Int
    /// Whether a minimum that is not there stops nobody.
    package var isShadow: Bool
    /// The store's own time after which tokens are not taken back any more, in microseconds; for giving back alone.
    package var returnsUntilMicroseconds: Int64
    /// When tokens that come back were taken, by the store's own time: it then takes off what the bucket gained since, to the
    /// microsecond; 0 where the count is already less by that.
    package var takenAtMicroseconds: Int64 = 0
    /// Whether what is wanted was used already and is taken whether it is there or not; the bucket owes up to
    /// ``RateLimit/debtTokensMax`` then.
    package var isCharge = false
    /// Whether a bucket that the store does not know is left alone, and the whole call with it: see ``AuthorityOutcome/withheld(_:)``.
    package var isKnownOnly = false

    /// Makes an ask.
    package init(
        name: BucketName, capacityTokens: Int, ratePerMinute: Int, minimumTokens: Int, wantedTokens: Int,
        isShadow: Bool = false, returnsUntilMicroseconds: Int64 = 0
    ) {
        self.name = name
        self.capacityTokens = capacityTokens
        self.ratePerMinute = ratePerMinute
        self.minimumTokens = minimumTokens
        self.wantedTokens = wantedTokens
        self.isShadow = isShadow
        self.returnsUntilMicroseconds = returnsUntilMicroseconds
    }
}

/// How a shared bucket stands after a call.
package struct BucketGrant: Sendable, Hashable {
    /// Tokens taken, 0 when the call was refused; less than 0 when tokens were given back.
    package var grantedTokens: Int
    /// Whole tokens left for all nodes.
    package var remainingTokens: Int
    /// Microseconds until the bucket is full.
    package var fullAfterMicroseconds: Int64
    /// Microseconds until the minimum is there; 0 when it was.
    package var waitMicroseconds: Int64
    /// Whether the store did not hold the bucket before, and does now.
    package var isNew: Bool

    /// Makes a grant.
    package init(
        grantedTokens: Int, remainingTokens: Int, fullAfterMicroseconds: Int64, waitMicroseconds: Int64,
        isNew: Bool = false
    ) {
        self.grantedTokens = grantedTokens
        self.remainingTokens = remainingTokens
        self.fullAfterMicroseconds = fullAfterMicroseconds
        self.waitMicroseconds = waitMicroseconds
        self.isNew = isNew
    }
}

/// What a shared store said.
package enum AuthorityOutcome: Sendable, Hashable {
    /// It decided at its own time in microseconds: one grant for each ask, in their order.
    case decided([BucketGrant], atMicroseconds: Int64)
    /// It does not know the buckets of these asks, which were to be left alone then; nothing was taken of any.
    case withheld([Int])
    /// It could not be asked, or did not answer in time: the text is for the log.
    case unavailable(String)
}

/// The one place that knows the level of every bucket of a cluster.
///
/// All minimums of a call are taken together or not at all; a bucket that is not known is full; time is the store's own.
package protocol BucketAuthority: Sendable {
    /// Takes every minimum, and more where more is wanted and there, or nothing.
    func take(_ asks: [BucketAsk]) async -> AuthorityOutcome

    /// Whether the store answers; asked in the background, never while a request waits.
    func probe() async -> Bool
}
