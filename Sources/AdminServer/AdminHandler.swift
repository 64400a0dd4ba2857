import Gateway
import GatewayHTTP
import IntentProtocol
import Observability

/// Answers the admin plane: one straight line for every request of the API, told whole in the audit log.
struct AdminHandler: HTTPHandler {
    let pages: ProbePages
    let gate: AdminGate
    let origin: AdminOrigin
    let operations: any AdminOperations
    let events: AdminEvents
    let accept: @Sendable (HTTPConnection) -> ArrivalConnection
    let audit: @Sendable (AuditRecord) -> Void
    let clock: AdminClock

    func accept(_ connection: HTTPConnection) -> ArrivalConnection { accept(connection) }

    func handle(_ request: consuming HTTPRequest, on connection: ArrivalConnection) async -> HTTPAnswer {
        guard let place = AdminPlace(rawValue: request.route.index) else {
            return answer(AdminRefusal(404, "NOT_FOUND", "there is nothing at this path"))
        }
        let method = request.route.method
        let kind = place.kind(method)
        if kind == .probe, gate.access.rules?.protectsMetrics != true || place == .live || place == .ready {
            return pages.answer(place, request)
        }
        let began = clock.monotonicNanoseconds()
        var record = AuditRecord()
        record.event = .adminAction
        record.timeNanoseconds = clock.unixNanoseconds()
        record.remoteAddress = connection.remoteAddress
        record.action = place.name(method)
        let answer: HTTPAnswer
        do throws(AdminRefusal) {
            answer = try await answered(request, place, kind, connection, &record)
        } catch {
            record.reason = error.code.lowercased()
            record.detail = error.detail
            answer = self.answer(error)
        }
        record.status = answer.status
        record.outcome = Self.outcome(answer.status)
        record.latencyNanoseconds = clock.monotonicNanoseconds() - began
        // Whoever may look is not written down at each look, whoever may not is.
        guard kind == .action || answer.status >= 400 else { return answer }
        let isKnown = record.subject != nil || record.principal != nil
        if isKnown || answer.status < 400 || gate.attempts.isTold(connection.sourceAddress) { audit(record) }
        return answer
    }

    /// Where it comes from, who asks, whether they may, what they ask, and only then what is done.
    private func answered(
        _ request: consuming HTTPRequest, _ place: AdminPlace, _ kind: AdminPlace.Kind,
        _ connection: ArrivalConnection, _ record: inout AuditRecord
    ) async throws(AdminRefusal) -> HTTPAnswer {
        try origin.check(request)
        if kind == .page { return ConsolePage.answer(place) }
        let caller = try await gate.caller(request, connection, &record)
        try gate.authorize(caller, as: kind, request, connection, &record)
        let query = try AdminQuery(place == .bucket ? request.target : [])
        guard place.takesQuery || !request.target.contains(UInt8(ascii: "?")) else {
            throw .invalid("this path takes no query")
        }
        switch kind {
        case .probe, .page: return pages.answer(place, request)
        case .read:
            guard place != .document else { return Self.answer(AdminDocument.bytes) }
            let read = try place.read(query)
            guard place != .events else { return try events.answer(to: caller, read, connection) }
            return Self.answer(await operations.read(read), &record)
        case .action:
            try gate.attempts.act()
            var reader = try AdminRequestReader(request, at: place)
            let action = try reader.action()
            record.target = action.target
            return Self.answer(await operations.act(action), &record)
        }
    }

    func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
        let code = refusal.reason.rawValue.uppercased()
        var answer = Self.answer(
            AdminRefusal.body(code: code, message: refusal.message).encoded + [UInt8(ascii: "\n")])
        answer.status = refusal.reason.status
        if let allow = refusal.allow { answer.headerLines += Array("allow: \(allow)\r\n".utf8) }
        return answer
    }

    private func answer(_ refusal: AdminRefusal) -> HTTPAnswer {
        var answer = Self.answer(
            AdminRefusal.body(code: refusal.code, message: refusal.message).encoded + [UInt8(ascii: "\n")])
        answer.status = refusal.status
        answer.headerLines += Array(refusal.headerLines.utf8)
        return answer
    }

    private static func answer(_ reply: AdminReply, _ record: inout AuditRecord) -> HTTPAnswer {
        record.detail = reply.detail
        if reply.status >= 400 { record.reason = reply.detail ?? "refused" }
        var answer = answer(reply.body.encoded + [UInt8(ascii: "\n")])
        answer.status = reply.status
        return answer
    }

    /// Every answer is for the one who asks, now, and for nothing that guesses what it is.
    static func answer(_ body: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(
            status: 200, headerLines: Array("cache-control: no-store\r\nx-content-type-options: nosniff\r\n".utf8),
            body: body)
    }

    /// The wire's word for what came of a request; nil for success.
    private static func outcome(_ status: Int) -> ErrorCode? {
        switch status {
        case ..<400: nil
        case 401, 403, 421: .unauthorized
        case 429: .rateLimit
        case 503: .agentUnavailable
        case 500...: .internalAgentError
        default: .validationError
        }
    }
}

extension AdminPlace {
    /// What is read at this path.
    fileprivate func read(_ query: AdminQuery) throws(AdminRefusal) -> AdminRead {
        switch self {
        case .overview, .events: .overview
        case .nodes: .nodes
        case .agents: .agents
        case .limits: .limits
        case .bucket: try query.bucket()
        case .keys: .keys
        case .configuration: .configuration
        case .logLevel: .logLevel
        case .metrics, .health, .live, .ready, .console, .consoleScript, .consoleStyle, .document, .resetLimit,
            .refreshKeySets, .rotateKeys, .drainNode,
            .undrainNode, .drainAgent, .undrainAgent, .drainInstance, .undrainInstance, .checkConfiguration,
            .reloadConfiguration, .explainPolicy:
            throw .invalid("nothing is read at this path")
        }
    }
}
