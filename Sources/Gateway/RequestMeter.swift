package import IntentProtocol
package import Traces

/// Where the gateway counts its requests; called once a request on its event loop.
package protocol RequestMetering: Sendable {
    /// Counts one request.
    ///
    /// - Parameters:
    ///   - intent: the intent's name when the directory knows it, nil otherwise: a caller cannot make label values.
    ///   - agent: the agent that answered or was tried last.
    ///   - outcome: nil for success.
    ///   - sampled: the request's trace where it is kept, nil where it is not.
    func record(
        intent: String?, agent: String?, outcome: ErrorCode?, latencyNanoseconds: Int64, sampled: SampledRequest?)
    /// Counts a request whose caller went away before the answer.
    func recordClientGone(intent: String?, agent: String?, latencyNanoseconds: Int64)
    /// Counts a decision that a rule in shadow mode would have made.
    func recordShadow(rule: String)
    /// Counts a message that could not be opened or sealed; the reason is one of a closed set.
    func recordSealFailure(reason: String)
}

/// A request whose trace is kept, for those who point to it.
package struct SampledRequest: Sendable {
    package let traceId: TraceId
    /// When it arrived.
    package let unixNanoseconds: Int64

    package init(traceId: TraceId, unixNanoseconds: Int64) {
        self.traceId = traceId
        self.unixNanoseconds = unixNanoseconds
    }
}
