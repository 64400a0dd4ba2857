import Gateway
import GatewayHTTP
import IntentProtocol
import Logging
import Observability

/// The audit log of a node, and beside it the program's own log of requests: those that failed here, one of each reason in a while;
/// every one where the level is debug.
struct NodeRecords: AuditSink {
    let audit: NodeAudit
    let log: RequestLog

    func admitsRequest() -> Bool { audit.admitsRequest() }

    func append(_ record: borrowing AuditRecord) {
        audit.append(record)
        if record.status >= 500 || log.level.isDebug { log.note(record) }
    }
}

/// Lines about single requests, with the ids that lead to the audit record and to the trace.
final class RequestLog: Sendable {
    /// Of each reason one line in ten seconds: whoever can make requests fail must not be able to fill a disk, or to hold up a loop
    /// that writes.
    private let failuresLogged = NoticeLimit(everySeconds: 10)
    private let logger: Logger
    let level: LogLevel

    init(_ logger: Logger, _ level: LogLevel) {
        self.logger = logger
        self.level = level
    }

    func note(_ record: borrowing AuditRecord) {
        guard record.event.isOfRequest else { return }
        guard record.status >= 500 else {
            return logger.debug("request", metadata: Self.facts(record))
        }
        let now = Timestamp.monotonicNanoseconds() / 1_000_000_000
        let kind = "\(record.outcome?.rawValue ?? "") \(record.reason)"
        guard let more = failuresLogged.admit(kind, nowSeconds: now) else { return }
        var facts = Self.facts(record)
        facts["more"] = "\(more)"
        logger.warning("request failed", metadata: facts)
    }

    private static func facts(_ record: borrowing AuditRecord) -> Logger.Metadata {
        var facts: Logger.Metadata = [
            "requestId": "\(text(record.requestId))", "traceId": "\(text(record.traceId))",
            "status": "\(record.status)",
            "milliseconds": "\(Double(record.latencyNanoseconds / 1_000) / 1_000)",
        ]
        func add(_ key: String, _ value: String?) { if let value, !value.isEmpty { facts[key] = "\(value)" } }
        add("intent", text(record.intent))
        add("agent", record.agent)
        add("outcome", record.outcome?.rawValue)
        add("reason", record.reason)
        add("rule", record.rule)
        add("tenant", record.tenant)
        return facts
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
