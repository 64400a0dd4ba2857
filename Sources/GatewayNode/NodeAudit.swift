import Gateway
import Observability

/// The audit log of a node: lines to an output, or none because the configuration says so; and the refusals that were last.
struct NodeAudit: AuditSink {
    /// The log as it can be looked at; nil where there is none.
    let log: JSONLinesAuditSink?
    let refusals = RecentRefusals()

    func admitsRequest() -> Bool { log?.admitsRequest() ?? true }

    func append(_ record: borrowing AuditRecord) {
        if record.outcome != nil, record.event.isOfRequest { refusals.note(record) }
        log?.append(record)
    }

    /// Writes what waits; blocks, so never on an event loop.
    func flush() { log?.flush() }

    /// Writes what waits and the record that the node has stopped.
    ///
    /// - Returns: whether everything was written within the time.
    func close(withinMilliseconds milliseconds: Int) async -> Bool {
        await log?.close(withinMilliseconds: milliseconds) ?? true
    }

    /// Opens the output anew, because somebody may have moved what was written.
    func reopen() { log?.reopen() }
}

/// The request metrics of a node.
typealias NodeMeter = RequestMeter
