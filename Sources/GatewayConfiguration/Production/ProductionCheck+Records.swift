extension ProductionCheck {
    /// Audit logging configured.
    static let records: [ProductionCheck] = [
        ProductionCheck("audit.output", "The audit log is on", at: "audit.output", fulfilled: "records are kept") {
            configuration, _, notes in
            guard configuration.audit.output == .none else { return }
            notes.fail("audit.output", "no records are kept", remedy: "set file, syslog or stdout")
        },
        ProductionCheck(
            "audit.key", "The audit log shows changes", at: "audit.keyFile", fulfilled: "its chain is keyed"
        ) { configuration, _, notes in
            guard configuration.audit.key == nil, configuration.audit.keyFile == nil else { return }
            notes.fail(
                "audit.keyFile", "whoever can write to the log can also make it consistent again",
                remedy: "head -c 48 /dev/urandom | base64 > audit.key, and name it in audit.keyFile")
        },
        ProductionCheck("audit.mode", "No service without a record", at: "audit.mode", fulfilled: "block") {
            configuration, _, notes in
            guard configuration.audit.mode == .drop else { return }
            notes.warn(
                "audit.mode", "records that cannot be kept are dropped and counted, and requests served",
                remedy: "set block where every request must be on record")
        },
        ProductionCheck(
            "audit.delivery", "Records arrive, and leave the machine in order", at: "audit",
            fulfilled: "no record is sent by a way that loses it without a word"
        ) { configuration, _, notes in
            guard configuration.audit.output == .syslog, configuration.audit.syslog?.address.isLossy == true else {
                return
            }
            notes.warn(
                "audit.syslog.address", "UDP loses records without a word", remedy: "use tcp:// or a Unix socket")
        },
    ]

    /// Who reaches what is not for callers.
    static let operation: [ProductionCheck] = [
        ProductionCheck(
            "admin.access", "The admin plane asks who comes, or is for this machine alone", at: "admin.http",
            fulfilled: "it is reached from this machine alone, or asks for a token or a certificate over TLS",
            checkAdmin),
        ProductionCheck("log.level", "The log is not for debugging", at: "log.level", fulfilled: "info or above") {
            configuration, _, notes in
            let level = configuration.log.level
            guard level == .trace || level == .debug else { return }
            notes.warn("log.level", "\(level.rawValue) writes lines for each request", remedy: "set info")
        },
        ProductionCheck(
            "traces.parents", "Callers that nobody knows do not choose which traces are kept", at: "traces.parents",
            fulfilled: "no traces, or those of services and our own share"
        ) { configuration, _, notes in
            guard configuration.traces?.parents == .followed else { return }
            notes.warn(
                "traces.parents", "whoever sends a traceparent has spans kept, before any token is looked at",
                remedy: "set services, unless all who reach the listener may choose")
        },
        ProductionCheck(
            "operation.drain", "Requests finish before the gateway ends", at: "drainTimeoutMilliseconds",
            fulfilled: "running requests have time to finish"
        ) { configuration, _, notes in
            guard configuration.drainTimeoutMilliseconds < 1_000 else { return }
            notes.warn(
                "drainTimeoutMilliseconds", "running requests are cut at once when the gateway stops",
                remedy: "set some seconds, less than the pod's terminationGracePeriodSeconds")
        },
    ]

    private static func checkAdmin(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        let admin = configuration.admin
        guard !admin.http.isLoopback else { return }
        guard let access = admin.access else {
            return notes.fail(
                "admin.http", "\(admin.http) shows metrics and health to whoever reaches it",
                remedy: "bind it to 127.0.0.1, or set admin.access with admin.tls")
        }
        if admin.tls.certificateFile == nil {
            notes.fail(
                "admin.tls", "tokens of administrators cross the network in plain text",
                remedy: "give admin.tls certificateFile and keyFile")
        }
        if !access.protectMetrics {
            notes.warn(
                "admin.access.protectMetrics", "metrics and health are open to whoever reaches \(admin.http)",
                remedy: "set it, or let a firewall admit the monitors alone")
        }
        if access.issuers.isEmpty, configuration.authentication.issuers.count > 1 {
            notes.warn(
                "admin.access.issuers", "roles of every issuer count here",
                remedy: "name those that say who administers")
        }
    }
}
