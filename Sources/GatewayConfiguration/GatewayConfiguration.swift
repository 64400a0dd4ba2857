import Documents

/// Everything that `gateway.yaml` and the environment say, as plain values; whoever starts a gateway turns them into
/// parts.
package struct GatewayConfiguration: Sendable, Hashable {
    /// The data plane.
    package var listen = Listen()
    /// The admin plane.
    package var admin = Admin()
    /// Event loops of the data plane; nil means one per core.
    package var eventLoops: Int?
    /// Where shared state lives.
    package var store = Store()
    /// Who may call.
    package var authentication = Authentication()
    /// What this gateway is in the mesh.
    package var mesh = Mesh()
    /// Istio's policies.
    package var authorization = Authorization()
    /// What a body may hold.
    package var envelope = Envelope()
    /// What is sealed; nil where nothing is.
    package var emcl: Sealing?
    /// Which intents are allowed, and how often.
    package var policy = Policy()
    /// How intents reach agents.
    package var routing = Routing()
    /// The agents known from the start.
    package var agents: [Agent] = []
    /// Who may register agents; nil when nobody may.
    package var registration: Registration?
    /// Limits that no rule states.
    package var limits = Limits()
    /// Where the audit log goes.
    package var audit = Audit()
    /// How long running requests may take to finish after a stop signal.
    package var drainTimeoutMilliseconds = 10_000
    /// The gateway's own log.
    package var log = Log()
    /// Where spans go; nil where none are kept.
    package var traces: Traces?
    /// How the sources of secrets are asked.
    package var secrets = Secrets()

    /// The values of an empty file; not a usable gateway, because issuers and policies have no default.
    package init() {}
}

extension GatewayConfiguration: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .section("listen", \.listen, "The data plane: where intents arrive, and what a connection may cost."),
        .section(
            "admin", \.admin, "The admin plane: metrics, health and the admin API, never on the data plane's port."),
        .optional(
            "eventLoops", \.eventLoops, .integer(1...1_024), absent: "one per core", "Threads that serve connections."),
        .store,
        .section("authentication", \.authentication, "Who may call."),
        .section("mesh", \.mesh, "What this gateway is in the mesh, for `authorization`."),
        .section("authorization", \.authorization, "Istio's policies, enforced by the gateway itself."),
        .section("envelope", \.envelope, "What the body of a request may hold."),
        .optionalSection("emcl", \.emcl, "Envelopes that are sealed; without it none are."),
        .section("policy", \.policy, "Which intents are allowed, and how often."),
        .section("routing", \.routing, "How intents reach agents."),
        .sections(
            "agents", \.agents, identity: { ("name", $0.name) },
            "Agents known from the start; others may register when `registration` allows it."),
        .optionalSection(
            "registration", \.registration, "Who may register agents over HTTP; without it nobody may."),
        .section("limits", \.limits, "Limits that no rule states."),
        .section("audit", \.audit, "Where the audit log goes."),
        .value(
            "drainTimeoutMilliseconds", \.drainTimeoutMilliseconds, .integer(0...600_000), unit: "ms",
            "How long running requests may take to finish after SIGTERM."),
        .section("log", \.log, "The gateway's own log on standard error."),
        .optionalSection("traces", \.traces, "Spans of requests by OTLP; without it none are kept."),
        .section("secrets", \.secrets, "How the sources of `secret://` references are asked."),
    ]

    func check(_ reader: SectionReader) {
        if admin.http == listen.http, admin.http.port != 0 {
            reader.fields.error("admin.http must differ from listen.http, found \(admin.http) for both", at: "admin")
        }
        if listen.tls.mode == .policy, authorization.files.isEmpty || authorization.peerAuthentication == .sidecar {
            reader.fields.error(
                "listen.tls.mode POLICY needs PeerAuthentications: name authorization.files, and leave "
                    + "authorization.peerAuthentication at listener", at: "listen")
        }
        if envelope.payloadBytesMax > listen.bodyBytesMax {
            reader.fields.warning(
                "envelope.payloadBytesMax (\(envelope.payloadBytesMax)) is never reached, because listen.bodyBytesMax "
                    + "is \(listen.bodyBytesMax)", at: "envelope")
        }
        let isOpenToEveryIssuer =
            registration?.allow.contains { rule in
                rule.issuers.isEmpty && !(rule.subjects.isEmpty && rule.roles.isEmpty)
            } ?? false
        if authentication.issuers.count > 1, isOpenToEveryIssuer {
            reader.fields.warning(
                "registration.allow: there are several issuers, and a permission without issuers takes the roles and subjects "
                    + "of each; name those that may say who registers", at: "registration")
        }
        if let access = admin.access { checkAccess(access, reader) }
        if let agent = agents.first(where: { $0.principal != nil }), routing.upstream.tls.trustBundleFiles.isEmpty {
            // Anybody can have a certificate of a public authority, with any service's name that it would sign.
            reader.fields.error(
                "agent '\(agent.name)' has a principal, which needs routing.upstream.tls.trustBundleFiles", at: "agents"
            )
        }
        if registration?.workerPrincipal != nil, routing.upstream.tls.trustBundleFiles.isEmpty {
            reader.fields.error(
                "registration.workerPrincipal needs routing.upstream.tls.trustBundleFiles", at: "registration")
        }
        if agents.isEmpty, registration == nil {
            reader.fields.warning("no agents and no registration: every intent will be refused", at: "agents")
        }
    }
    private func checkAccess(_ access: AdminAccess, _ reader: SectionReader) {
        let known = authentication.issuers.map(\.issuer)
        for issuer in access.issuers where !known.contains(issuer) {
            reader.fields.error(
                "admin.access.issuers: '\(issuer)' is not among authentication.issuers", at: "admin")
        }
        if access.issuers.isEmpty, known.count > 1 {
            reader.fields.warning(
                "admin.access: there are several issuers, and roles of each count here; name those that may say who administers "
                    + "in admin.access.issuers", at: "admin")
        }
        if known.isEmpty, access.administrators.isEmpty {
            reader.fields.warning(
                "admin.access: nobody can act, for there are neither authentication.issuers nor admin.access.administrators",
                at: "admin")
        }
    }
}
