import Gateway
import Observability

/// The audit log of a node: lines to an output, or none because the configuration says so.
enum NodeAudit: AuditSink {
    case lines(JSONLinesAuditSink)
    case none

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

    /// Records that were dropped because the output did not keep up.
    var lost: UInt64 {
        switch self {
        case .lines(let sink): sink.lost
        case .none: 0
        }
    }
}

/// The request metrics of a node.
typealias NodeMeter = RequestMeter
