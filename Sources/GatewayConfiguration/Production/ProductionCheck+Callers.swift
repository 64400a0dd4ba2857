extension ProductionCheck {
    /// Authentication integrated.
    static let callers: [ProductionCheck] = [
        ProductionCheck(
            "authentication.anonymous", "Callers without a token are refused", at: "authentication.anonymous",
            fulfilled: "deny"
        ) { configuration, _, notes in
            guard configuration.authentication.anonymous == .allow else { return }
            notes.fail(
                "authentication.anonymous", "whoever reaches the gateway is let through to the policy",
                remedy: "set deny")
        },
        ProductionCheck(
            "authentication.issuers", "Keys of issuers come over https, or from a file", at: "authentication.issuers",
            fulfilled: "keys come over https or from files", checkIssuers),
        ProductionCheck(
            "authentication.tokens", "Tokens are signed by asymmetric keys and do not live long",
            at: "authentication.issuers",
            fulfilled:
                "asymmetric algorithms alone (no HS*, no none), audiences are checked, and lives of a day at most",
            checkTokens),
        ProductionCheck(
            "identity.peers", "Who is named as a service can show it", at: "listen.tls.trustBundleFiles",
            fulfilled: "services that rules name can show who they are, or none is named", checkPeers),
        ProductionCheck(
            "identity.proxies", "Only proxies that prove themselves speak for others", at: "mesh.trustedProxies",
            fulfilled: "no process of this machine is believed at its word"
        ) { configuration, _, notes in
            guard configuration.mesh.trustedProxies.contains("loopback") else { return }
            notes.warn(
                "mesh.trustedProxies", "every process of this machine may say which service it speaks for",
                remedy: "name the proxy's SPIFFE ID, unless the pod holds nothing but the gateway and its sidecar")
        },
    ]

    private static func checkIssuers(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        for issuer in configuration.authentication.issuers {
            let place = "authentication.issuers '\(issuer.issuer)'"
            guard let url = issuer.jwks.url, let address = WebAddress(url), address.scheme == "http" else { continue }
            if address.isLoopback {
                notes.warn(
                    place, "its keys come from this machine in plain text, as a development issuer's do",
                    remedy: "name the issuer of production by https")
            } else {
                notes.fail(
                    place, "its keys come in plain text: whoever is on the way lets anybody in", remedy: "use https")
            }
        }
    }

    private static func checkTokens(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        for issuer in configuration.authentication.issuers {
            let place = "authentication.issuers '\(issuer.issuer)'"
            if issuer.maxLifetimeSeconds == 0 {
                notes.fail(place, "tokens live as long as they say", remedy: "set maxLifetimeSeconds")
            } else if issuer.maxLifetimeSeconds > 86_400 {
                notes.warn(
                    place, "tokens may live \(issuer.maxLifetimeSeconds / 3_600) hours, and nothing takes one back",
                    remedy: "set maxLifetimeSeconds to what the issuer gives, a day at most")
            }
            if issuer.jwks.maxStaleSeconds > 604_800 {
                notes.warn(
                    place, "keys that were taken back serve up to \(issuer.jwks.maxStaleSeconds / 86_400) days more",
                    remedy: "set jwks.maxStaleSeconds to a day or less")
            }
        }
    }

    private static func checkPeers(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        let mesh = configuration.mesh
        let isShown =
            configuration.listen.tls.effectiveClientCertificates != .none || !mesh.trustedProxies.isEmpty
            || !mesh.nodes.isEmpty || !mesh.serviceAccountIssuers.isEmpty
        guard !isShown else { return }
        let remedy = "give listen.tls trustBundleFiles, or mesh.trustedProxies, nodes or serviceAccountIssuers"
        for rule in facts.rulesOfServices {
            notes.fail(rule.place, "'\(rule.id)' asks which service a caller is, and none can show it", remedy: remedy)
        }
        if configuration.authentication.services == .allow {
            notes.fail(
                "authentication.services", "services are let in, and none can show that it is one", remedy: remedy)
        }
        for (index, rule) in (configuration.registration?.allow ?? []).enumerated() where !rule.principals.isEmpty {
            notes.fail(
                "registration.allow[\(index)]", "it names services, and none can show that it is one", remedy: remedy)
        }
    }
}
