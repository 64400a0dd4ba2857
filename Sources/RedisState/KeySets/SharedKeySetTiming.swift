/// How the nodes of a cluster take turns at an issuer.
package struct SharedKeySetTiming: Sendable, Hashable {
    /// The longest that an origin may take for a fetch.
    package static let fetchMillisecondsMax = 5_000
    /// How long one fetch may hold the lock; longer than the origin's own bound.
    package var lockMilliseconds = Int64(fetchMillisecondsMax) + 1_000
    /// How long a node waits for another one's fetch before it asks the issuer itself; longer than the lock lives.
    package var waitMillisecondsMax: Int64 = 7_000
    /// The first wait; it doubles up to ``waitStepMillisecondsMax``.
    package var waitStepMilliseconds: Int64 = 20
    /// The longest wait between two looks.
    package var waitStepMillisecondsMax: Int64 = 250
    /// How long a failure of one node keeps the others from asking too.
    package var failureMilliseconds: Int64 = 1_000
    /// How many times in a row a node believes such a failure before it asks all the same.
    package var failuresBelievedMax = 2
    /// The least time between two fetches of the cluster that tokens with unknown key ids cause.
    package var unknownKeyIntervalMilliseconds: Int64 = 10_000
    /// Without Redis each node waits a part of this before it asks the issuer, so that not all ask at once.
    package var aloneJitterMillisecondsMax: Int64 = 250

    /// The values above.
    package init() {}
}
