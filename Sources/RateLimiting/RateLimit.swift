/// One limit as configured: a token bucket that holds `capacityTokens` and gains `ratePerMinute` tokens a minute,
/// continuously.
///
/// A limit whose rate or capacity is zero or less refuses every request and never makes a bucket.
package struct RateLimit: Sendable, Hashable {
    /// The largest rate and the largest capacity; the bucket arithmetic is exact up to here in every store, that of Redis
    /// with its floating-point numbers included; larger numbers are cut to it.
    package static let tokensMax = 100_000_000

    /// The rule's id: names the limit in headers, audit records and bucket keys.
    package let name: String
    /// The burst in tokens, `0...tokensMax`; one bucket admits this many at once and no more.
    package let capacityTokens: Int
    /// Tokens gained in sixty seconds, `0...tokensMax`.
    package let ratePerMinute: Int
    /// A shadow limit is counted and told, and never refuses.
    package let shadow: Bool
    /// What holds while a shared store cannot be asked.
    package let onStoreFailure: StoreFailureMode
    /// Whether a request pays in the end what its worker says that it cost: see ``BucketSettlement``.
    package let isSettled: Bool

    /// Makes a limit.
    ///
    /// - Parameters:
    ///   - capacityTokens: the burst; the rate per minute when nil.
    ///   - ratePerMinute: tokens a minute; zero or less refuses always.
    package init(
        name: String, capacityTokens: Int? = nil, ratePerMinute: Int, shadow: Bool = false,
        onStoreFailure: StoreFailureMode = .local, isSettled: Bool = false
    ) {
        self.name = name
        self.capacityTokens = min(max(capacityTokens ?? ratePerMinute, 0), Self.tokensMax)
        self.ratePerMinute = min(max(ratePerMinute, 0), Self.tokensMax)
        self.shadow = shadow
        self.onStoreFailure = onStoreFailure
        self.isSettled = isSettled
    }

    /// The most that a bucket owes: one burst, and no more than leaves Redis' numbers exact from there up to a full bucket.
    package var debtTokensMax: Int { min(capacityTokens, Self.tokensMax / 2) }

    /// Whether a full bucket of this limit would admit a request of that cost; false means refused for good.
    package func canEverAdmit(cost: Int) -> Bool {
        ratePerMinute > 0 && capacityTokens > 0 && cost <= capacityTokens
    }

    /// Seconds in which an empty bucket fills, rounded up, at least 1; sixty when the burst is the rate.
    package var windowSeconds: Int {
        guard ratePerMinute > 0 else { return 60 }
        return max(1, (capacityTokens * 60 + ratePerMinute - 1) / ratePerMinute)
    }
}
