/// How many buckets this node may still make in the shared store: whoever can mint keys must not fill its memory (pitfall S22).
///
/// A bucket itself: a minute's worth at once. What is under way when it runs dry is owed.
struct NewKeyBudget: Sendable {
    private let limit: RateLimit
    private var bucket: TokenBucket
    /// When a bucket was last not made.
    var withheldNanoseconds: Int64?

    init(perMinute: Int, nowNanoseconds now: Int64) {
        limit = RateLimit(name: "", ratePerMinute: perMinute)
        bucket = TokenBucket(full: limit, nowNanoseconds: now)
    }

    /// Whether so many may be made.
    mutating func holds(_ count: Int, nowNanoseconds now: Int64) -> Bool {
        bucket = bucket.refilled(for: limit, nowNanoseconds: now)
        return bucket.holds(count)
    }

    /// So many were made.
    mutating func spend(_ count: Int, nowNanoseconds now: Int64) {
        bucket = bucket.refilled(for: limit, nowNanoseconds: now)
        bucket.charge(count, limit: limit)
    }
}
