/// When the keys of an issuer are fetched and how long they serve.
package struct KeySetTiming: Sendable, Hashable {
    /// How long keys are fresh when their issuer does not say.
    package var freshForSeconds: Int64 = 300
    /// Bounds for what the issuer says.
    package var freshForSecondsRange: ClosedRange<Int64> = 60...3_600
    /// How long keys serve after the last fetch that succeeded, at least as long as they are fresh.
    package var staleMaxSeconds: Int64 = 86_400
    /// The first wait after a failure; it doubles with each further one.
    package var backOffFirstMilliseconds: Int64 = 1_000
    /// The longest wait after a failure.
    package var backOffMaxMilliseconds: Int64 = 60_000
    /// The least time between two fetches that tokens with unknown key ids cause.
    package var unknownKeyIntervalMilliseconds: Int64 = 10_000

    /// The times that hold unless the configuration says otherwise.
    package init() {}
}
