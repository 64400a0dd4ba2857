extension ProductionCheck {
    /// TLS configured with strong ciphers; regular certificate rotation.
    static let transport: [ProductionCheck] = [
        ProductionCheck(
            "tls.listener", "TLS on the data plane", at: "listen.tls.mode", fulfilled: "connections are TLS alone",
            checkListener),
        ProductionCheck(
            "tls.versions", "TLS 1.2 or newer", at: "listen.tls.minimumVersion",
            fulfilled:
                "TLS 1.2 is the least, with AEAD ciphers and forward secrecy alone; the code offers nothing older"
        ) { _, _, _ in },
        ProductionCheck(
            "tls.certificates", "Certificates not near their end", at: "listen.tls.certificateFile",
            fulfilled: "no certificate is in the last fifth of its time", checkCertificates),
        ProductionCheck(
            "tls.workers", "TLS to workers that show who they are", at: "agents",
            fulfilled: "workers are called by TLS and must show which service they are, or are on this machine",
            checkWorkers),
        ProductionCheck(
            "redis.tls", "TLS to Redis", at: "store.redis", fulfilled: "Redis is asked by TLS, or there is none",
            checkRedisTLS),
        ProductionCheck(
            "redis.access", "Redis asks who comes", at: "store.redis",
            fulfilled: "Redis asks for a password or a certificate, or there is none", checkRedisAccess),
    ]

    private static func checkListener(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        let place = "listen.tls.mode"
        if configuration.authorization.peerAuthentication == .sidecar, facts.sidecarRequiresTLS {
            notes.ok(
                "authorization.peerAuthentication",
                "a sidecar speaks mutual TLS for this gateway, as a PeerAuthentication asks")
            return
        }
        switch facts.peerMode {
        case .strict, .mutual: return
        case .permissive:
            notes.fail(
                place, "plain text is taken beside TLS",
                remedy: "set STRICT, or have a PeerAuthentication ask for STRICT")
        case .disable where configuration.listen.http.isLoopback:
            notes.warn(
                place, "plain text, on \(configuration.listen.http) alone",
                remedy: "give listen.tls a certificate, unless what stands in front on this machine speaks TLS")
        case .disable:
            notes.fail(
                place, "plain text on \(configuration.listen.http)",
                remedy: "give listen.tls certificateFile and keyFile, and trustBundleFiles to know clients by")
        case nil:
            notes.fail(
                "authorization.files", "the policies that decide how connections are taken cannot be read",
                remedy: "see the errors of this check")
        }
    }

    private static func checkCertificates(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        for certificate in facts.certificates {
            let life = certificate.notAfter - certificate.notBefore
            let left = certificate.notAfter - facts.nowUnixSeconds
            let days = left / 86_400
            if left <= 0 {
                notes.fail(certificate.file, "it has ended", remedy: "renew it")
            } else if certificate.notBefore > facts.nowUnixSeconds {
                notes.fail(
                    certificate.file, "it is not valid yet", remedy: "look at the clocks, or put in that of today")
            } else if left < life / 20 {
                notes.fail(certificate.file, "it ends in \(days) days, a twentieth of its time", remedy: "renew it now")
            } else if left < life / 5 {
                notes.warn(certificate.file, "it ends in \(days) days, a fifth of its time", remedy: "renew it")
            }
            if certificate.isOfDevelopment {
                notes.fail(
                    certificate.file, "a development authority vouches for it (intentusnet dev-ca)",
                    remedy: "take certificates of an authority whose key is kept")
            }
        }
    }

    private static func checkWorkers(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        for agent in configuration.agents {
            let plain = agent.instances.map(\.url).first { url in
                WebAddress(url).map { $0.scheme == "http" && !$0.isLoopback } ?? false
            }
            let isSecured = agent.instances.contains { $0.url.lowercased().hasPrefix("https://") }
            if let plain {
                notes.fail(
                    "agents '\(agent.name)'", "\(plain) is called in plain text",
                    remedy: "use https, with principal and routing.upstream.tls.trustBundleFiles")
            } else if isSecured, agent.principal == nil {
                notes.warn(
                    "agents '\(agent.name)'", "any certificate of its host is believed", remedy: "state its principal")
            }
        }
        if let registration = configuration.registration, registration.workerPrincipal == nil {
            notes.warn(
                "registration.workerPrincipal", "registered workers may be called in plain text, and show no identity",
                remedy: "set it, such as cluster.local/ns/agents/sa/{agent}")
        }
    }

    private static func checkRedisTLS(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        guard let redis = configuration.store.redis, redis.url?.isTLS != true, redis.tls == nil else { return }
        let addresses = redis.sentinel + redis.cluster + (redis.url.map { [$0.address] } ?? [])
        if addresses.allSatisfy(\.isLoopback) {
            notes.warn("store.redis", "plain TCP, on this machine alone", remedy: "use rediss://")
        } else {
            notes.fail(
                "store.redis", "plain TCP: whoever is on the way reads the password and changes what gateways share",
                remedy: redis.url == nil ? "set store.redis.tls: {}" : "use rediss://")
        }
    }

    private static func checkRedisAccess(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        guard let redis = configuration.store.redis else {
            notes.warn(
                "store", "limits, replays and registrations are known to this process alone",
                remedy: "set store.redis where there are several gateways")
            return
        }
        if redis.password == nil, redis.passwordFile == nil, redis.url?.password == nil,
            redis.tls?.certificateFile == nil
        {
            notes.fail(
                "store.redis", "no password and no certificate: whoever reaches Redis is a gateway",
                remedy: "set store.redis.password to a secret:// reference, and a user of its own")
        }
        if redis.trustsKeySets, redis.sealFile == nil,
            configuration.authentication.issuers.contains(where: { $0.jwks.url != nil })
        {
            notes.warn(
                "store.redis.sealFile", "whoever writes to Redis can put in the keys that tokens are verified with",
                remedy: "set it to 32 bytes that all gateways share, or trustKeySets: false")
        }
        if redis.onFailure == .allow {
            notes.warn(
                "store.redis.onFailure", "limits let everything through while Redis is away",
                remedy: "set local or deny")
        }
    }
}
