import Gateway
import Observability

/// The audit log of a node: lines to an output, or none because the configuration says so.
enum NodeAudit: AuditSink {
    case lines(JSONLinesAuditSink)
    case none

    func admitsRequest() -> Bool {
        switch self {
        case .lines(let sink): sink.admitsRequest()
        case .none: true
        }
    }

    func append(_ record: borrowing AuditRecord) {
        switch self {
        case .lines(let sink): sink.append(record)
        case .none: break
        }
    }

    /// Writes what waits; blocks, so never on an event loop.
    func flush() {
        switch self {
        case .lines(let sink): sink.flush()
        case .none: break
        }
    }

    /// Writes what waits and the record that the node has stopped.
    ///
    /// - Returns: whether everything was written within the time.
    func close(withinMilliseconds milliseconds: Int) async -> Bool {
        switch self {
        case .lines(let sink): await sink.close(withinMilliseconds: milliseconds)
        case .none: true
        }
    }

    /// Opens the output anew, because somebody may have moved what was written.
    func reopen() {
        switch self {
        case .lines(let sink): sink.reopen()
        case .none: break
        }
    }

    /// The log as it can be looked at; nil where there is none.
    var log: JSONLinesAuditSink? {
        switch self {
        case .lines(let sink): sink
        case .none: nil
        }
    }
}

/// The request metrics of a node.
typealias NodeMeter = RequestMeter
