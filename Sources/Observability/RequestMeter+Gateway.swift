package import Gateway
package import IntentProtocol

extension RequestMeter: RequestMetering {
    package func record(
        intent: String?, agent: String?, outcome: ErrorCode?, latencyNanoseconds: Int64, sampled: SampledRequest?
    ) {
        record(
            intent: intent, agent: agent, outcome: outcome.map { .error($0) } ?? .success,
            latencyNanoseconds: latencyNanoseconds, sampled: sampled)
    }

    package func recordClientGone(intent: String?, agent: String?, latencyNanoseconds: Int64) {
        record(intent: intent, agent: agent, outcome: RequestOutcome.clientGone, latencyNanoseconds: latencyNanoseconds)
    }
}
