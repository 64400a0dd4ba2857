import Encryption
import IntentProtocol
import RateLimiting

extension Gateway {
    /// The last stage of a request that reached a worker: the answer, one audit record, one count.
    func conclude(
        _ reply: WorkerReply, _ envelope: borrowing OpenedEnvelope, _ terms: borrowing Terms, _ journal: inout Journal
    ) -> Answer {
        var body: [UInt8] = []
        let shape = journal.seal == nil ? journal.shape ?? .frame : .bare
        reply.agentReply.append(
            to: &body, shape: shape, traceId: envelope.traceId, extras: terms.extras(for: reply))
        var status = reply.error.map { $0.code == .unauthorized ? 403 : $0.code.httpStatus } ?? 200
        if case .refused(let refusal) = reply.outcome {
            status = refusal.status
            note(refusal, &journal)
        }
        if let seal = journal.seal {
            do throws(EMCLFailure) { body = try sealed(body, by: seal) } catch { return unsealable(error, &journal) }
        }
        finish(status: status, outcome: reply.error?.code, &journal)
        return Answer(status: journal.door == .python ? 200 : status, headerLines: journal.headerLines, body: body)
    }

    /// The answer stays here: it came for somebody who asked sealed.
    private func unsealable(_ failure: EMCLFailure, _ journal: inout Journal) -> Answer {
        journal.record.event = .emclFailure
        journal.record.reason = "emcl_\(failure.reason.rawValue)"
        finish(status: 500, outcome: .emclFailure, &journal)
        return .unsealable(journal)
    }

    /// The last stage of a request that ended inside the gateway: the refusal, one audit record, one count.
    func refuse(_ refusal: Refusal, _ requestBody: [UInt8], _ journal: inout Journal) -> Answer {
        let (answer, status) = answer(refusal, requestBody, &journal)
        finish(status: status, outcome: refusal.error.code, &journal)
        return answer
    }

    /// The answer to a request that is not served because its record could not be kept: a count and no record.
    ///
    /// How many there were is written once records can be kept again.
    func refuseUnaudited(_ requestBody: [UInt8], _ journal: inout Journal) -> Answer {
        let (answer, status) = answer(.auditUnavailable, requestBody, &journal)
        count(outcome: Refusal.auditUnavailable.error.code, journal)
        journal.record.status = status
        journal.record.outcome = Refusal.auditUnavailable.error.code
        endTrace(journal)
        return answer
    }

    /// What is told of a refusal, and its status, which the Python package is not told.
    private func answer(
        _ refusal: Refusal, _ requestBody: [UInt8], _ journal: inout Journal
    ) -> (told: Answer, status: Int) {
        let error = refusal.toldError
        note(refusal, &journal)
        var metadata: JSONObject = ["agent": .string("gateway")]
        metadata["traceId"] = journal.traceId.isEmpty ? .null : .string(unescaped(journal.traceId))
        let response = AgentResponse(status: .error, payload: nil, metadata: metadata, error: error)
        var body: [UInt8] = []
        if let seal = journal.seal {
            response.appendBare(to: &body)
            do throws(EMCLFailure) { body = try sealed(body, by: seal) } catch {
                // What refused stays on record, and beside it why the caller was not told.
                journal.record.detail = "the refusal could not be sealed: emcl_\(error.reason.rawValue)"
                return (.unsealable(journal), 500)
            }
        } else {
            switch journal.shape ?? BodyShape.sniff(requestBody) {
            case .frame: response.appendFrame(to: &body)
            case .bare: response.appendBare(to: &body)
            }
        }
        let told = journal.door == .python ? 200 : refusal.status
        return (Answer(status: told, headerLines: journal.headerLines, body: body), refusal.status)
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
        count(outcome: outcome, journal)
        endTrace(journal)
    }

    private func count(outcome: ErrorCode?, _ journal: borrowing Journal) {
        let latency = around.monotonicNanoseconds() - journal.startNanoseconds
        if journal.record.reason == clientGoneReason {
            meter.recordClientGone(
                intent: journal.knownIntent, agent: journal.record.agent, latencyNanoseconds: latency)
        } else {
            meter.record(
                intent: journal.knownIntent, agent: journal.record.agent, outcome: outcome, latencyNanoseconds: latency,
                sampled: journal.trace.sampled(arrivedAt: journal.record.timeNanoseconds))
        }
    }

    private func unescaped(_ text: [UInt8]) -> String {
        let quoted = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
        guard case .string(let plain)? = try? JSONValue(parsing: quoted) else { return "" }
        return plain
    }
}

extension Refusal {
    /// 503: nothing is done that could not be put on record.
    static var auditUnavailable: Refusal {
        let reason = "audit_unavailable"
        return Refusal(
            IntentError(
                .agentUnavailable, "requests are not served while their audit records cannot be kept", retryable: true,
                details: ["reason": .string(reason)]),
            reason: reason, retryAfterSeconds: 1)
    }
}

/// The stable reason of a request whose caller went away before the answer.
let clientGoneReason = "client_gone"
