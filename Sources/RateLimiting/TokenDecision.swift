/// What one bucket says to one request.
package enum TokenDecision: Sendable, Hashable {
    /// The cost was taken.
    case admitted(remainingTokens: Int)
    /// Nothing was taken; nil means that waiting does not help (no rate, or a cost above the burst).
    case refused(retryAfterNanoseconds: Int64?)
}
