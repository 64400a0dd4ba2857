import Documents
import Gateway
import IntentProtocol
import Logging
import Observability

extension NodeParts {
    /// Takes another key ring up when its file changed; what cannot be used is refused and told, and the former stays.
    ///
    /// - Returns: the faults of the file.
    @discardableResult
    func refreshSeals(isAsked: Bool = false) -> [Diagnostic] {
        guard let seals else { return [] }
        switch seals.refresh(isAsked: isAsked) {
        case .unchanged: return []
        case .replaced(let added, let removed):
            health.set("keys of envelopes", .healthy)
            guard !added.isEmpty || !removed.isEmpty || !isAsked else { return [] }
            logger.notice(
                "key ring in force", metadata: ["added": "\(added)", "removed": "\(removed)"])
            note(reason: "applied", outcome: nil, "added \(added), removed \(removed)")
            return []
        case .refused(let faults):
            health.set("keys of envelopes", .degraded, "the key ring was refused; the former one is in force")
            for fault in faults { logger.error("key ring refused", metadata: ["finding": "\(fault)"]) }
            note(reason: "refused", outcome: .validationError, faults.first?.description)
            return faults
        }
    }

    private func note(reason: String, outcome: ErrorCode?, _ detail: String?) {
        var record = AuditRecord(.keyRotation, unixNanoseconds: Timestamp.unixNanoseconds(), action: "keyring.reload")
        record.reason = reason
        record.outcome = outcome
        record.detail = detail
        audit.append(record)
    }
}
