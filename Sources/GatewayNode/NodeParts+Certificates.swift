import CertificateFiles
import Gateway
import GatewayHTTP
import Identity
import IntentProtocol
import Logging
import Observability

extension NodeParts {
    /// Looks at the certificate files, and tells log, metrics and audit what came of it.
    ///
    /// - Parameter isAsked: whether they are to be read whatever they look like.
    /// - Returns: why files were refused, by their use.
    @discardableResult
    func refreshCertificates(isAsked: Bool = false) -> [String] {
        var faults: [String] = []
        for set in tls.sets {
            switch set.refresh(isAsked: isAsked) {
            case .unchanged: break
            case .replaced: noteCertificates(set.use, fault: nil)
            case .refused(let error):
                faults.append("certificates of \(set.use): \(error)")
                noteCertificates(set.use, fault: error)
            }
        }
        for warning in tls.warnings.take() { logger.warning("certificates", metadata: ["finding": "\(warning)"]) }
        noteAges()
        return faults
    }

    /// Says once of each file that its certificate has come closer to its end.
    private func noteAges() {
        let now = Timestamp.unixNanoseconds() / 1_000_000_000
        for step in certificateAges.steps(tls.sets.flatMap(\.expiries), nowSeconds: now) {
            let facts: Logger.Metadata = [
                "file": "\(step.file)", "finding": "\(step.age.message)",
                "ends": "\(Timestamp.text(unixNanoseconds: step.endsAt * 1_000_000_000))",
            ]
            switch step.age {
            case .fresh: logger.info("the age of certificates", metadata: facts)
            case .half: logger.notice("the age of certificates", metadata: facts)
            case .low: logger.warning("the age of certificates", metadata: facts)
            case .critical, .expired: logger.error("the age of certificates", metadata: facts)
            }
        }
    }

    func watchCertificateAges() {
        guard !tls.sets.isEmpty else { return }
        health.probe("certificate ages") { [tls] in
            let now = Timestamp.unixNanoseconds() / 1_000_000_000
            let alarm = CertificateAges.alarm(tls.sets.flatMap(\.expiries), nowSeconds: now)
            return alarm.map { (.degraded, $0) } ?? (.healthy, "")
        }
    }

    private func noteCertificates(_ use: String, fault: TLSMaterialError?) {
        var record = AuditRecord()
        record.event = .configReload
        record.timeNanoseconds = Timestamp.unixNanoseconds()
        record.outcome = fault == nil ? nil : .validationError
        record.reason = fault == nil ? "certificates_applied" : "certificates_refused"
        audit.append(record)
        certificateReloads.count(use, isRefused: fault != nil)
        guard let fault else {
            health.set("certificates \(use)", .healthy)
            return logger.notice("certificates in force", metadata: ["use": "\(use)"])
        }
        health.set("certificates \(use)", .degraded, "the new files were refused; the former ones are in force")
        logger.error(
            "certificates refused, the old ones stay in force", metadata: ["use": "\(use)", "finding": "\(fault)"])
    }
}
