import IntentProtocol
import Logging
import Synchronization

/// Answers bodies of requests: reads the envelope, finds the handler, runs it in its time, and makes a frame of what comes.
final class IntentResponder: Sendable {
    /// What a call was about, and what went wrong with it; for spans.
    struct Facts: Sendable {
        var intent: String?
        var error: ErrorCode?
    }

    private let name: String
    private let table: HandlerTable
    private let concurrencyMax: Int
    private let limits: EnvelopeLimits
    private let secrets: IntentSecrets
    private let logger: Logger
    private let sealed: SealedWork
    private let running = Mutex((count: 0, isDraining: false))

    init(
        name: String, table: HandlerTable, concurrencyMax: Int, limits: EnvelopeLimits = .behindGateway,
        sealing: WorkerSealing? = nil, secrets: IntentSecrets = .none, logger: Logger
    ) {
        sealed = SealedWork(sealing, agent: name)
        self.secrets = secrets
        self.limits = limits
        self.name = name
        self.table = table
        self.concurrencyMax = concurrencyMax
        self.logger = logger
    }

    var agentName: String { name }
    var runningCount: Int { running.withLock { $0.count } }
    var isDraining: Bool { running.withLock { $0.isDraining } }

    func drain() { running.withLock { $0.isDraining = true } }

    /// The answering frame; errors are inside it.
    ///
    /// - Parameter timeoutMilliseconds: what is left of the caller's time; nil when it did not say.
    func answer(_ body: [UInt8], timeoutMilliseconds: Int64?) async -> (frame: [UInt8], facts: Facts) {
        var traceId: String?
        var facts = Facts()
        let call: SealedWork.Call
        do throws(IntentError) { call = try sealed.open(body) } catch {
            facts.error = error.code
            return (sealed.frame(of: completed(.failure(error), nil), to: nil), facts)
        }
        let response = await respond(call.body, timeoutMilliseconds, &traceId, &facts)
        facts.error = response.error?.code
        return (sealed.frame(of: completed(response, traceId), to: call), facts)
    }

    private func respond(
        _ body: [UInt8], _ timeoutMilliseconds: Int64?, _ traceId: inout String?, _ facts: inout Facts
    ) async -> AgentResponse {
        let envelope: IntentEnvelope
        do throws(IntentError) {
            envelope = try IncomingIntent(parsing: body, limits: limits).envelope
        } catch {
            return .failure(error)
        }
        traceId = envelope.traceId
        facts.intent = envelope.intentName
        guard let handler = table.handler(for: envelope) else {
            return .failure(
                IntentError(.capabilityNotFound, "agent '\(name)' does not answer intent '\(envelope.intentName)'"))
        }
        guard begin() else {
            return .failure(IntentError(.agentUnavailable, "agent '\(name)' takes no more requests now"))
        }
        return await run(handler, envelope, timeoutMilliseconds)
    }

    private func begin() -> Bool {
        running.withLock { state in
            guard state.count < concurrencyMax, !state.isDraining else { return false }
            state.count += 1
            return true
        }
    }

    /// The handler against the clock: whichever ends first decides; a late handler is cancelled and keeps its place
    /// until it has ended.
    private func run(
        _ handler: @escaping RawHandler, _ envelope: IntentEnvelope, _ timeoutMilliseconds: Int64?
    ) async -> AgentResponse {
        // A day is longer than any gateway waits: a larger number is no overflow in the clock.
        let deadline = timeoutMilliseconds.map { ContinuousClock.now + .milliseconds(min(max(0, $0), 86_400_000)) }
        let context = IntentContext(envelope, deadline: deadline, secrets: secrets, logger: logger)
        let (answers, first) = AsyncStream.makeStream(of: AgentResponse.self, bufferingPolicy: .bufferingOldest(1))
        // No child task: one that does not listen to cancellation would hold back the answer and the worker's end.
        let work = Task {
            let response = await guarded(handler, envelope, context).reporting(context.reportedCost)
            running.withLock { $0.count -= 1 }
            first.yield(response)
        }
        let clock = deadline.map { deadline in
            Task {
                try await Task.sleep(until: deadline, clock: .continuous)
                first.finish()
            }
        }
        defer { clock?.cancel() }
        for await response in answers { return response }
        work.cancel()
        return .failure(IntentError(.agentTimeout, "agent '\(name)' did not finish in time"))
    }

    private func guarded(
        _ handler: RawHandler, _ envelope: IntentEnvelope, _ context: IntentContext
    ) async -> AgentResponse {
        do {
            return try await handler(envelope, context)
        } catch let error as IntentError {
            return .failure(error)
        } catch {
            // What went wrong inside is the operator's business and may hold secrets.
            context.logger.error("handler failed", metadata: ["error": "\(error)"])
            return .failure(IntentError(.internalAgentError, "agent '\(name)' failed"))
        }
    }

    private func completed(_ response: AgentResponse, _ traceId: String?) -> AgentResponse {
        var response = response
        if response.metadata["agent"] == nil { response.metadata["agent"] = .string(name) }
        if let traceId { response.metadata["traceId"] = .string(traceId) }
        return response
    }
}

extension AgentResponse {
    /// The same with `metadata.usage.cost`, unless the handler wrote its own.
    fileprivate func reporting(_ cost: Int?) -> AgentResponse {
        guard let cost, metadata["usage"] == nil else { return self }
        var response = self
        response.metadata["usage"] = ["cost": .number(JSONNumber(cost))]
        return response
    }
}
