import IntentProtocol
import RateLimiting

extension Gateway {
    /// The last stage of a request that reached a worker: the answer, one audit record, one count.
    func conclude(
        _ reply: WorkerReply, _ envelope: borrowing OpenedEnvelope, _ terms: borrowing Terms, _ journal: inout Journal
    ) -> Answer {
        var body: [UInt8] = []
        reply.agentReply.append(
            to: &body, shape: journal.shape ?? .frame, traceId: envelope.traceId, extras: terms.extras(for: reply))
        var status = reply.error.map { $0.code == .unauthorized ? 403 : $0.code.httpStatus } ?? 200
        if case .refused(let refusal) = reply.outcome {
            status = refusal.status
            note(refusal, &journal)
        }
        finish(status: status, outcome: reply.error?.code, &journal)
        return Answer(status: journal.door == .python ? 200 : status, headerLines: journal.headerLines, body: body)
    }

    /// The last stage of a request that ended inside the gateway: the refusal, one audit record, one count.
    func refuse(_ refusal: Refusal, _ requestBody: [UInt8], _ journal: inout Journal) -> Answer {
        let error = refusal.toldError
        note(refusal, &journal)
        var metadata: JSONObject = ["agent": .string("gateway")]
        metadata["traceId"] = journal.traceId.isEmpty ? .null : .string(unescaped(journal.traceId))
        let response = AgentResponse(status: .error, payload: nil, metadata: metadata, error: error)
        var body: [UInt8] = []
        switch journal.shape ?? BodyShape.sniff(requestBody) {
        case .frame: response.appendFrame(to: &body)
        case .bare: response.appendBare(to: &body)
        }
        finish(status: refusal.status, outcome: error.code, &journal)
        return Answer(
            status: journal.door == .python ? 200 : refusal.status, headerLines: journal.headerLines, body: body)
    }

    /// Tells header lines and audit record what refused, in whichever stage.
    private func note(_ refusal: Refusal, _ journal: inout Journal) {
        journal.headerLines += refusal.headerLines
        if let seconds = refusal.retryAfterSeconds {
            journal.headerLines.append(contentsOf: "retry-after: \(seconds)\r\n".utf8)
        }
        if refusal.status == 401 {
            // Who showed no token is only told that one is wanted (RFC 6750, 3.1).
            let showedToken = refusal.event == .authFailure && refusal.reason != "missing_token"
            let fault = showedToken ? ", error=\"invalid_token\"" : ""
            journal.headerLines.append(
                contentsOf: "www-authenticate: Bearer realm=\"intentusnet\"\(fault)\r\n".utf8)
        }
        journal.record.event = refusal.event
        journal.record.reason = refusal.reason
        if let rule = refusal.rule { journal.record.rule = rule }
    }

    /// Writes the one audit record and the one count of a request.
    private func finish(status: Int, outcome: ErrorCode?, _ journal: inout Journal) {
        let latency = around.monotonicNanoseconds() - journal.startNanoseconds
        journal.record.latencyNanoseconds = latency
        journal.record.status = status
        journal.record.outcome = outcome
        audit.append(journal.record)
        if journal.record.reason == clientGoneReason {
            meter.recordClientGone(
                intent: journal.knownIntent, agent: journal.record.agent, latencyNanoseconds: latency)
        } else {
            meter.record(
                intent: journal.knownIntent, agent: journal.record.agent, outcome: outcome, latencyNanoseconds: latency)
        }
    }

    private func unescaped(_ text: [UInt8]) -> String {
        let quoted = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
        guard case .string(let plain)? = try? JSONValue(parsing: quoted) else { return "" }
        return plain
    }
}

/// The stable reason of a request whose caller went away before the answer.
let clientGoneReason = "client_gone"
