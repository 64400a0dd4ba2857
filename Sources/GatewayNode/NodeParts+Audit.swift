import Dispatch
import Gateway
import IntentProtocol
import Logging
import Observability

extension NodeParts {
    /// Health says why records cannot be kept, and what that means for requests.
    func watchAudit(isBlocking: Bool) {
        guard let log = audit.log else { return }
        health.probe("audit") {
            guard let trouble = log.trouble() else { return (.healthy, "") }
            guard !log.isWriting else { return (.degraded, "\(trouble)") }
            return isBlocking
                ? (.unhealthy, "no request is served, because records cannot be kept: \(trouble)")
                : (.degraded, "records are lost when the memory for them is full: \(trouble)")
        }
    }

    /// Writes the first record of the chain, so that it is known before the first request whether records can be kept.
    func beginAudit() async {
        guard let log = audit.log else { return }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                log.flush()
                continuation.resume()
            }
        }
    }

    /// Puts on record that the limits began or ended to be shared.
    static func limitChange(_ audit: NodeAudit) -> @Sendable (_ reason: String?) -> Void {
        { reason in
            var record = AuditRecord(.degradedLimit, unixNanoseconds: Timestamp.unixNanoseconds())
            record.action = reason == nil ? "limits.shared" : "limits.degraded"
            record.outcome = reason == nil ? nil : .agentUnavailable
            record.isLimitDegraded = reason != nil
            record.detail = reason
            audit.append(record)
        }
    }

    /// Puts on record that a peer's certificate kept it from becoming a connection.
    func notePeerRefused(_ reason: String, remoteAddress: String) {
        var record = AuditRecord(.peerRefused, unixNanoseconds: Timestamp.unixNanoseconds(), action: "handshake")
        record.outcome = .unauthorized
        record.reason = reason
        record.remoteAddress = remoteAddress
        audit.append(record)
    }

    /// Logs when the output fails and when it takes records again.
    func noteAudit(_ former: inout AuditFault?) {
        let trouble = audit.log?.trouble()
        guard trouble != former else { return }
        former = trouble
        if let trouble {
            logger.error("audit records are not written as they should be", metadata: ["reason": "\(trouble)"])
        } else {
            logger.notice("audit records are written again")
        }
    }
}
