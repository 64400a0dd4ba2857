import Encryption
import Identity
import IntentProtocol
import Routing

/// How one agent's call ended.
struct WorkerReply: Sendable {
    enum Outcome: Sendable {
        /// The agent answered, success or error.
        case answered(AgentReply)
        /// No usable answer came.
        case failed(IntentError)
        /// It was not called, because a limit of its own refused.
        case refused(Refusal)
    }

    let agent: AgentRecord
    let outcome: Outcome
    /// What `metadata.agent` says instead of the agent's own word, when all agents failed.
    var agentLabel: String?
    /// Why its call could not be sealed, or its answer not opened; nil where all went well.
    var sealFault: EMCLFailure?

    var isSuccess: Bool {
        switch outcome {
        case .answered(let reply): reply.isSuccess
        case .failed, .refused: false
        }
    }

    var error: IntentError? {
        switch outcome {
        case .answered(let reply): reply.error
        case .failed(let error): error
        case .refused(let refusal): refusal.toldError
        }
    }

    var agentReply: AgentReply {
        switch outcome {
        case .answered(let reply): reply
        case .failed(let error): AgentReply(failure: error)
        case .refused(let refusal): AgentReply(failure: refusal.toldError)
        }
    }
}

/// What every worker call of one request has in common.
struct WorkerRequest: Sendable {
    /// The frame as it goes to a worker.
    let body: [UInt8]
    /// For seals; nil where nothing is sealed.
    let names: CallNames?
    /// Trace context, and what the mesh makes of the token, as complete header lines.
    let headLines: [UInt8]
    /// Notes the calls; nil where the trace is not kept.
    let trace: KeptTrace?
    let startNanoseconds: Int64
    /// The node's own limit.
    let nodeLimitNanoseconds: Int64
    /// The caller's own limit; nil when it did not say.
    let callerDeadlineNanoseconds: Int64?
    /// The caller's and the node's own limit, whichever comes first.
    let deadlineNanoseconds: Int64
}

/// How long a call may take, and whose wish that is.
struct CallDeadline: Sendable {
    let nanoseconds: Int64
    /// Whether the caller asked for less than node and policy give: then an instance that is late is not to blame.
    let isCallers: Bool
}

extension Gateway {
    /// Calls the workers that the route names, one after the other or all at once, until the plan is done.
    func callWorkers(
        _ route: Route, _ envelope: borrowing OpenedEnvelope, _ caller: Caller, _ permit: Permit,
        _ terms: borrowing Terms, _ ticket: inout AdmissionTicket, _ journal: inout Journal
    ) async throws(Refusal) -> WorkerReply {
        // Whatever ends the calls, also a caller that goes away: what workers reported until then is paid.
        defer { settle(ticket) }
        journal.enter(.workerCall, around)
        let request = workerRequest(envelope, caller, permit, journal)
        var progress = RouteProgress(route.plan)
        var latest: WorkerReply?
        var lastSuccess: WorkerReply?
        var step = progress.start()
        while true {
            switch step {
            case .call(let agent):
                let now = around.monotonicNanoseconds()
                let deadline = deadline(agent, request, terms, sharedBy: 1 + progress.agentsLeft, nowNanoseconds: now)
                // No time is left for an agent that was not asked yet: what is known of the others stands.
                guard deadline.nanoseconds > now || latest == nil else {
                    step = progress.ended(success: false)
                    continue
                }
                let reply = await call(agent, request, deadline, terms, &ticket, &journal)
                ticket.note(reply, terms)
                guard !Task.isCancelled else { throw .clientGone }
                if let fault = reply.sealFault { note(fault, of: agent, &journal) }
                if reply.isSuccess { lastSuccess = reply }
                latest = reply
                step = progress.ended(success: reply.isSuccess)
            case .callAll(let agents):
                let (reply, finish) = await callAll(agents, request, terms, &progress, &ticket, &journal)
                guard !Task.isCancelled else { throw .clientGone }
                guard let finish else { throw .internalFault("parallel calls ended without a result") }
                latest = reply
                if reply?.isSuccess == true { lastSuccess = reply }
                step = .finish(finish)
            case .wait:
                throw .internalFault("a sequence of calls cannot wait")
            case .finish(let finish):
                guard var reply = finish.reply == .latest ? latest : lastSuccess else {
                    throw .internalFault("a plan ended without a reply")
                }
                reply.agentLabel = finish.agentLabel
                journal.record.agent = reply.agent.name
                return reply
            }
        }
    }

    private func workerRequest(
        _ envelope: borrowing OpenedEnvelope, _ caller: Caller, _ permit: Permit, _ journal: borrowing Journal
    ) -> WorkerRequest {
        var body: [UInt8] = []
        envelope.envelope.appendFrame(
            to: &body, callerEntries: caller.chainEntries, serviceEntry: serviceEntry, traceId: envelope.traceId)
        let nodeLimit = journal.startNanoseconds + settings.requestTimeoutMilliseconds * 1_000_000
        let headLines = permit.headerLines.isEmpty ? envelope.traceLines : envelope.traceLines + permit.headerLines
        let names = seals.map { _ in
            CallNames(caller, boundBy: journal.seal, intent: envelope.intentName, envelope: envelope.envelope)
        }
        return WorkerRequest(
            body: body, names: names, headLines: headLines, trace: journal.trace.kept,
            startNanoseconds: journal.startNanoseconds,
            nodeLimitNanoseconds: nodeLimit, callerDeadlineNanoseconds: envelope.callerDeadlineNanoseconds,
            deadlineNanoseconds: min(nodeLimit, envelope.callerDeadlineNanoseconds ?? .max))
    }

    /// One agent's turn: its limits that were not yet taken, then its instances.
    private func call(
        _ agent: AgentRecord, _ request: WorkerRequest, _ deadline: CallDeadline, _ terms: borrowing Terms,
        _ ticket: inout AdmissionTicket, _ journal: inout Journal
    ) async -> WorkerReply {
        // A later agent of a fallback may have limits of its own; each is taken once a request, before its first use.
        do throws(Refusal) {
            try await admitAlso(agent, terms, &ticket, &journal)
        } catch {
            return WorkerReply(agent: agent, outcome: .refused(error))
        }
        let reply = await callInstances(agent, request, deadline)
        journal.record.attempts += 1
        return reply
    }

    /// The time of one agent: by policy from the beginning of the request, and of what is left an equal part for each agent that
    /// may still be asked, so that one that hangs leaves time for those behind it.
    private func deadline(
        _ agent: AgentRecord, _ request: WorkerRequest, _ terms: borrowing Terms, sharedBy count: Int,
        nowNanoseconds now: Int64
    ) -> CallDeadline {
        var granted = request.nodeLimitNanoseconds
        if let milliseconds = terms.timeoutMilliseconds(of: agent) {
            granted = min(granted, request.startNanoseconds + Int64(milliseconds) * 1_000_000)
        }
        let isCallers = request.callerDeadlineNanoseconds.map { $0 < granted } ?? false
        let whole = min(granted, request.callerDeadlineNanoseconds ?? .max)
        let left = min(whole, request.deadlineNanoseconds) - now
        guard left > 0 else { return CallDeadline(nanoseconds: now, isCallers: isCallers) }
        let part = min(whole - now, max((request.deadlineNanoseconds - now) / Int64(count), 1))
        return CallDeadline(nanoseconds: now + part, isCallers: isCallers)
    }

    /// Calls one instance; another one only when nothing was sent to the first.
    private func callInstances(
        _ agent: AgentRecord, _ request: WorkerRequest, _ deadline: CallDeadline
    ) async -> WorkerReply {
        let deadlineNanoseconds = deadline.nanoseconds
        let sealed: SealedCall?
        do throws(EMCLFailure) { sealed = try seal(request, for: agent) } catch { return failure(agent, error) }
        var excluded: Int?
        for _ in 0..<max(1, min(agent.instances.count, instanceAttemptsMax)) {
            let now = around.monotonicNanoseconds()
            guard deadlineNanoseconds > now else { return timeout(agent) }
            guard
                let index = InstanceSelector.pick(
                    from: agent.instances, nowNanoseconds: now,
                    random: agent.instances.count > 1 ? around.randomBits() : 0, excluding: excluded)
            else { break }
            let instance = agent.instances[index]
            let lease = instance.state.begin(nowNanoseconds: now)
            let span = request.trace?.beginCall(around)
            do throws(WorkerFailure) {
                let answer = try await workers.call(
                    instance.url, body: sealed?.frame ?? request.body,
                    headerLines: headerLines(request, span, remainingNanoseconds: deadlineNanoseconds - now),
                    deadlineNanoseconds: deadlineNanoseconds)
                lease.succeeded(nowNanoseconds: around.monotonicNanoseconds())
                request.trace?.endCall(span, of: agent, instance, .success(answer.status), around)
                return read(answer, of: agent, sealed)
            } catch {
                request.trace?.endCall(span, of: agent, instance, .failure(error), around)
                if error.isOnOurSide(hasCallersDeadline: deadline.isCallers) {
                    lease.abandoned()
                } else {
                    lease.failed(nowNanoseconds: around.monotonicNanoseconds())
                }
                guard error == .connectFailed else { return failure(agent, error) }
                excluded = index
            }
        }
        return failure(agent, .connectFailed)
    }

    private func read(_ answer: WorkerAnswer, of agent: AgentRecord, _ sealed: SealedCall?) -> WorkerReply {
        var body = answer.body
        if let sealed, (200..<300).contains(answer.status) {
            do throws(EMCLFailure) { body = try open(answer, of: sealed) } catch { return failure(agent, error) }
        }
        return WorkerReply(
            agent: agent,
            outcome: .answered(AgentReply(parsing: body, httpStatus: answer.status, limits: settings.reply)))
    }

    private func headerLines(
        _ request: WorkerRequest, _ span: KeptTrace.Call?, remainingNanoseconds: Int64
    ) -> [UInt8] {
        var lines = request.headLines
        lines.reserveCapacity(lines.count + 40)
        if let span { lines += span.headerLine }
        lines.append(literal: "x-intentus-timeout-ms: ")
        lines.appendDecimal(max(1, remainingNanoseconds / 1_000_000))
        lines.append(literal: "\r\n")
        return lines
    }

    private func timeout(_ agent: AgentRecord) -> WorkerReply { failure(agent, .timedOut) }

    private func failure(_ agent: AgentRecord, _ failure: WorkerFailure) -> WorkerReply {
        WorkerReply(agent: agent, outcome: .failed(IntentError(failure, agent: agent.name)))
    }

    private func failure(_ agent: AgentRecord, _ failure: EMCLFailure) -> WorkerReply {
        meter.recordSealFailure(reason: failure.reason.rawValue)
        return WorkerReply(
            agent: agent, outcome: .failed(IntentError(failure, agent: agent.name)), sealFault: failure)
    }

    /// The request's own record tells how it ended; this one, that keys or a peer's are not as they should be.
    private func note(_ failure: EMCLFailure, of agent: AgentRecord, _ journal: inout Journal) {
        var record = journal.record
        record.event = .emclFailure
        record.agent = agent.name
        record.reason = "emcl_\(failure.reason.rawValue)"
        audit.append(record)
    }

    /// All agents at once: the first success ends the others, which are cancelled and not waited for by the caller.
    private func callAll(
        _ agents: [AgentRecord], _ request: WorkerRequest, _ terms: borrowing Terms, _ progress: inout RouteProgress,
        _ ticket: inout AdmissionTicket, _ journal: inout Journal
    ) async -> (WorkerReply?, RouteProgress.Finish?) {
        let now = around.monotonicNanoseconds()
        let deadlines = agents.map { deadline($0, request, terms, sharedBy: 1, nowNanoseconds: now) }
        journal.record.attempts += agents.count
        var latest: WorkerReply?
        var finish: RouteProgress.Finish?
        var replies: [WorkerReply] = []
        await withTaskGroup(of: WorkerReply.self) { group in
            for (agent, deadline) in zip(agents, deadlines) {
                group.addTask { await self.callInstances(agent, request, deadline) }
            }
            for await reply in group {
                if let fault = reply.sealFault { note(fault, of: reply.agent, &journal) }
                latest = reply
                replies.append(reply)
                guard case .finish(let end) = progress.ended(success: reply.isSuccess) else { continue }
                finish = end
                group.cancelAll()
                return
            }
        }
        for reply in replies { ticket.note(reply, terms) }
        return (latest, finish)
    }
}

/// The most instances of one agent that a request tries when connections fail.
private let instanceAttemptsMax = 3

extension WorkerFailure {
    /// Whether the instance is not to blame: we were cancelled, our pool was full, or the caller allowed less time than the
    /// node does. Else a caller could have instances ejected by asking for a millisecond.
    fileprivate func isOnOurSide(hasCallersDeadline: Bool) -> Bool {
        switch self {
        case .cancelled, .overloaded: true
        case .timedOut: hasCallersDeadline
        case .connectFailed, .connectionLost, .badResponse, .responseTooLarge: false
        }
    }
}

extension IntentError {
    /// A failed worker call in the wire's terms; says which agent, never where it lives.
    init(_ failure: WorkerFailure, agent: String) {
        let details: JSONObject = ["agent": .string(agent)]
        switch failure {
        case .connectFailed:
            self.init(.agentUnavailable, "agent '\(agent)' has no instance that can be reached", details: details)
        case .overloaded:
            self.init(.agentUnavailable, "agent '\(agent)' has no free connection", details: details)
        case .timedOut:
            self.init(.agentTimeout, "agent '\(agent)' did not answer in time", details: details)
        case .connectionLost, .cancelled:
            self.init(.transportError, "the connection to agent '\(agent)' was lost", details: details)
        case .badResponse:
            self.init(.transportError, "agent '\(agent)' did not answer in HTTP", details: details)
        case .responseTooLarge:
            self.init(
                .transportError, "the answer of agent '\(agent)' is too large", retryable: false, details: details)
        }
    }
}

extension Refusal {
    /// The caller closed its connection; nobody reads the answer, the audit record tells it.
    static var clientGone: Refusal {
        Refusal(IntentError(.transportError, "the caller went away"), status: 499, reason: clientGoneReason)
    }

    /// A state that the types should have excluded: refused, and visible as such.
    static func internalFault(_ message: String) -> Refusal {
        Refusal(IntentError(.internalAgentError, message), status: 500, reason: "internal_fault")
    }

}
