extension ProductionCheck {
    /// Policy engine configured; input validation enabled.
    static let rules: [ProductionCheck] = [
        ProductionCheck(
            "policy.default", "What no rule matches is denied", at: "policy.files", fulfilled: "deny is the default"
        ) { _, facts, notes in
            switch facts.policyDeniesByDefault {
            case true: return
            case false:
                notes.fail("policy.files", "what no rule matches is allowed", remedy: "set default: deny in the policy")
            case nil:
                notes.fail("policy.files", "the policy cannot be read", remedy: "see the errors of this check")
            }
        },
        ProductionCheck(
            "policy.limits", "Every rule that allows is limited", at: "policy.files",
            fulfilled: "every rule that allows has a limit, or one that is more general limits it"
        ) { _, facts, notes in
            for rule in facts.unlimitedRules {
                notes.fail(
                    rule.place, "rule '\(rule.id)' allows without a limit",
                    remedy: "give it rate_limit_per_minute, or add an ALLOW rule for all intents with one per {tenant}")
            }
        },
        ProductionCheck(
            "policy.store-failure", "Limits hold while Redis is away", at: "policy.files",
            fulfilled: "no rule lets everything through then"
        ) { _, facts, notes in
            for rule in facts.openLimits {
                notes.warn(
                    rule.place, "rule '\(rule.id)' lets everything through while Redis is away",
                    remedy: "set on_store_failure: local or deny")
            }
        },
        ProductionCheck(
            "input.bounds", "What a request may cost is bounded", at: "listen",
            fulfilled: "payloads of 1 MiB at most, dangerous keys removed, connections bounded per peer", checkBounds),
    ]

    private static func checkBounds(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        let (listen, envelope) = (configuration.listen, configuration.envelope)
        if envelope.payloadBytesMax > 1_048_576 {
            notes.warn(
                "envelope.payloadBytesMax", "\(envelope.payloadBytesMax) bytes are more than the guide's 1 MiB",
                remedy: "set 1048576 unless callers need more")
        }
        let isUnbounded = listen.connectionsPerPeerMax == 0 || listen.connectionsPerPeerMax >= listen.connectionsMax
        if isUnbounded, configuration.mesh.trustedProxies.isEmpty {
            notes.warn(
                "listen.connectionsPerPeerMax", "one peer may take every connection",
                remedy: "set it below connectionsMax, unless every caller comes through one balancer")
        }
        if listen.requestTimeoutMilliseconds > 120_000 {
            notes.warn(
                "listen.requestTimeoutMilliseconds",
                "a request may take \(listen.requestTimeoutMilliseconds / 1_000) s to come",
                remedy: "set what the slowest honest client needs")
        }
    }
}
