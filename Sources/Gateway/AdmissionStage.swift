import IntentProtocol
import RateLimiting
import Routing

/// The right to go on, bought with tokens; knows which limits were taken, so that none is taken twice.
///
/// Only the admission stage can make one; it cannot be copied, and so not be spent twice.
struct AdmissionTicket: ~Copyable, Sendable {
    /// The buckets whose tokens this request has taken.
    fileprivate var taken: [BucketKey]

    fileprivate init(taken: [BucketKey]) {
        self.taken = taken
    }
}

extension Gateway {
    /// Takes all limits of the agents that are certain to be called, together or not at all.
    func admit(_ terms: borrowing Terms, _ journal: inout Journal) async throws(Refusal) -> AdmissionTicket {
        let demands = terms.initialDemands
        guard !demands.isEmpty else { return AdmissionTicket(taken: []) }
        let admission: Admission
        switch await buckets.take(demands, nowNanoseconds: around.monotonicNanoseconds()) {
        case .decided(let decided): admission = decided
        case .degraded(let decided, _):
            // The caller and the audit log are told by which measure it was admitted or refused.
            journal.record.isLimitDegraded = true
            journal.headerLines.append(literal: "intentusnet-limits: degraded\r\n")
            admission = decided
        case .unavailable:
            journal.record.isLimitDegraded = true
            throw Refusal(
                IntentError(.agentUnavailable, "the limits cannot be checked now"), reason: "limiter_unavailable",
                event: .rateLimited, retryAfterSeconds: 1)
        }
        appendLimitHeaders(demands, admission, to: &journal.headerLines)
        guard case .refused(_, let milliseconds, let limiting) = admission else {
            return AdmissionTicket(taken: demands.map(\.key))
        }
        journal.record.rule = demands[limiting].limit.name
        throw .rateLimited(by: demands[limiting].limit.name, retryAfterMilliseconds: milliseconds)
    }

    /// Takes the limits of an agent that a fallback goes on to, when this request has not taken them yet.
    ///
    /// - Returns: why the agent may not be called, or nil.
    func admitAlso(
        _ agent: AgentRecord, _ terms: borrowing Terms, _ ticket: inout AdmissionTicket
    ) async -> IntentError? {
        guard terms.limitsDifferByAgent else { return nil }
        let demands = terms.demands(of: agent).filter { !ticket.taken.contains($0.key) }
        guard !demands.isEmpty else { return nil }
        switch await buckets.take(demands, nowNanoseconds: around.monotonicNanoseconds()) {
        case .decided(.admitted), .degraded(.admitted, _):
            ticket.taken += demands.map(\.key)
            return nil
        case .decided(.refused(_, let milliseconds, let limiting)),
            .degraded(.refused(_, let milliseconds, let limiting), _):
            return Refusal.rateLimited(by: demands[limiting].limit.name, retryAfterMilliseconds: milliseconds).error
        case .unavailable: return IntentError(.agentUnavailable, "the limits cannot be checked now")
        }
    }

    private func appendLimitHeaders(_ demands: [BucketDemand], _ admission: Admission, to lines: inout [UInt8]) {
        let start = lines.count
        lines.reserveCapacity(start + 96 + demands.count * 96)
        lines.append(literal: "ratelimit-policy: ")
        guard RateLimitHeaders.appendPolicy(demands, admission, to: &lines) else {
            lines.removeSubrange(start...)
            return
        }
        lines.append(literal: "\r\nratelimit: ")
        RateLimitHeaders.appendState(demands, admission, to: &lines)
        lines.append(literal: "\r\n")
    }
}

extension Refusal {
    /// 429, with the time after which a retry can succeed; without one when no waiting helps.
    static func rateLimited(by limit: String, retryAfterMilliseconds: Int64?) -> Refusal {
        var details: JSONObject = ["limit": .string(limit)]
        if let milliseconds = retryAfterMilliseconds {
            details["retryAfterMs"] = .number(JSONNumber(Int(milliseconds)))
        }
        return Refusal(
            IntentError(
                .rateLimit, "the limit '\(limit)' is used up", retryable: retryAfterMilliseconds != nil,
                details: details),
            reason: "rate_limited", event: .rateLimited,
            retryAfterSeconds: retryAfterMilliseconds.map { max(1, Int(($0 + 999) / 1000)) })
    }
}
