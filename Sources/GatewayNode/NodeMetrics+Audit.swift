import Observability

extension NodeMetrics {
    static func registerAudit(_ registry: MetricsRegistry, _ audit: NodeAudit) {
        registry.counterCallback(
            "intentusnet_audit_records_total", "Audit records written, those about the log itself included."
        ) {
            Double(audit.log?.records ?? 0)
        }
        registry.counterCallback(
            "intentusnet_audit_lost_total", "Audit records dropped because the output did not keep up."
        ) {
            Double(audit.log?.lost ?? 0)
        }
        registry.counterCallback(
            "intentusnet_audit_refused_requests_total", "Requests refused because their records could not be kept."
        ) {
            Double(audit.log?.refused ?? 0)
        }
        registry.gaugeCallback(
            "intentusnet_audit_output_up", "1 while the output takes the audit records, 0 while it does not."
        ) {
            audit.log?.isWriting == false ? 0 : 1
        }
    }
}
