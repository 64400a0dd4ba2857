/// How a bucket stands, for an operator.
package struct BucketLook: Sendable, Hashable {
    /// Whole tokens left.
    package var remainingTokens: Int
    /// Milliseconds until it is full, if nobody takes from it.
    package var fullAfterMilliseconds: Int64
    /// Whether the key has no bucket of its own, because there are as many as there may be: it counts with others.
    package var sharesOverflow = false
}
