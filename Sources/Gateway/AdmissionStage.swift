import IntentProtocol
import RateLimiting
import Routing

/// The right to go on, bought with tokens; knows which limits were taken, so that none is taken twice.
///
/// Only the admission stage can make one; it cannot be copied, and so not be spent twice.
struct AdmissionTicket: ~Copyable, Sendable {
    /// The buckets whose tokens this request has taken.
    fileprivate var taken: [BucketKey]
    /// What was taken and is settled when the workers have answered; empty, and no memory, for most requests.
    var settling: [SettlingDemand] = []

    fileprivate init(taken: [BucketKey]) {
        self.taken = taken
    }
}

extension Gateway {
    /// Takes all limits of the agents that are certain to be called, together or not at all.
    func admit(_ terms: borrowing Terms, _ journal: inout Journal) async throws(Refusal) -> AdmissionTicket {
        journal.enter(.admission, around)
        var ticket = AdmissionTicket(taken: [])
        try await take(terms.initialDemands, &ticket, &journal)
        return ticket
    }

    /// Takes the limits of an agent that a fallback goes on to, when this request has not taken them yet.
    ///
    /// - Throws: why the agent may not be called.
    func admitAlso(
        _ agent: AgentRecord, _ terms: borrowing Terms, _ ticket: inout AdmissionTicket, _ journal: inout Journal
    ) async throws(Refusal) {
        guard terms.limitsDifferByAgent else { return }
        let demands = terms.demands(of: agent).filter { !ticket.taken.contains($0.key) }
        try await take(demands, &ticket, &journal)
    }

    private func take(
        _ demands: [BucketDemand], _ ticket: inout AdmissionTicket, _ journal: inout Journal
    ) async throws(Refusal) {
        guard !demands.isEmpty else { return }
        let admission: Admission
        var isDegraded = false
        switch await buckets.take(demands, nowNanoseconds: around.monotonicNanoseconds()) {
        case .decided(let decided): admission = decided
        case .degraded(let decided, _):
            // The caller and the audit log are told by which measure it was admitted or refused.
            if !journal.record.isLimitDegraded {
                journal.headerLines.append(literal: "intentusnet-limits: degraded\r\n")
            }
            journal.record.isLimitDegraded = true
            isDegraded = true
            admission = decided
        case .unavailable:
            journal.record.isLimitDegraded = true
            throw Refusal(
                IntentError(.agentUnavailable, "the limits cannot be checked now"), reason: "limiter_unavailable",
                event: .rateLimited, retryAfterSeconds: 1)
        }
        guard case .refused(_, let milliseconds, let limiting) = admission else {
            appendLimitHeaders(demands, admission, to: &journal.headerLines)
            ticket.taken += demands.map(\.key)
            ticket.noteSettling(demands, admission, isDegraded: isDegraded)
            return
        }
        // A fallback may go on to another agent: then the state of limits that it has not paid is not told.
        var refusal = Refusal.rateLimited(by: demands[limiting].limit.name, retryAfterMilliseconds: milliseconds)
        appendLimitHeaders(demands, admission, to: &refusal.headerLines)
        throw refusal
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
        var refusal = Refusal(
            IntentError(
                .rateLimit, "the limit '\(limit)' is used up", retryable: retryAfterMilliseconds != nil,
                details: details),
            reason: "rate_limited", event: .rateLimited,
            retryAfterSeconds: retryAfterMilliseconds.map { max(1, Int(($0 + 999) / 1000)) })
        refusal.rule = limit
        return refusal
    }
}
