import GatewayConfiguration

/// A configuration that is fit for production, changed in one place, and what one check then says of it.
struct ProductionCase: Sendable, CustomStringConvertible {
    typealias Change = @Sendable (inout GatewayConfiguration, inout ProductionFacts) -> Void

    let id: String
    let what: String
    let outcome: ProductionFinding.Outcome
    /// A part of the place that is told.
    let place: String
    let change: Change

    init(
        _ id: String, _ what: String, _ outcome: ProductionFinding.Outcome, at place: String, _ change: @escaping Change
    ) {
        self.id = id
        self.what = what
        self.outcome = outcome
        self.place = place
        self.change = change
    }

    var description: String { "\(id): \(what)" }

    static let now: Int64 = 1_800_000_000
    static let day: Int64 = 86_400

    /// Nothing to say against it.
    static func fit() -> (GatewayConfiguration, ProductionFacts) {
        var configuration = GatewayConfiguration()
        configuration.listen.http = HostAndPort(host: "0.0.0.0", port: 8443)
        configuration.listen.tls.certificateFile = "tls.pem"
        configuration.listen.tls.keyFile = .path("tls.key")
        configuration.listen.tls.trustBundleFiles = ["ca.pem"]
        configuration.store.redis = redis("rediss://redis.internal:6379")
        configuration.store.redis?.passwordFile = .path("redis.password")
        configuration.store.redis?.sealFile = .path("seal")
        configuration.authentication.issuers = [issuer("https://idp.example.com/jwks")]
        var agent = GatewayConfiguration.Agent()
        agent.name = "summarizer"
        agent.principal = "cluster.local/ns/agents/sa/summarizer"
        var instance = GatewayConfiguration.Agent.Instance()
        instance.url = "https://summarizer.agents:9001/execute-agent"
        agent.instances = [instance]
        configuration.agents = [agent]
        var emcl = GatewayConfiguration.Sealing()
        emcl.clients = .required
        emcl.workers = .required
        emcl.keyRingFile = "ring.json"
        configuration.emcl = emcl
        configuration.audit.output = .file
        configuration.audit.mode = .block
        configuration.audit.file = "audit.jsonl"
        configuration.audit.keyFile = "audit.key"

        var facts = ProductionFacts()
        facts.nowUnixSeconds = now
        facts.peerMode = .mutual
        facts.policyDeniesByDefault = true
        facts.files = [
            ProductionFacts.File(key: "listen.tls.keyFile", path: "tls.key", mode: 0o400),
            ProductionFacts.File(key: "emcl.keyRingFile", path: "ring.json", mode: 0o640),
            ProductionFacts.File(key: "policy.files[0]", path: "policy.yaml", mode: 0o644),
        ]
        facts.certificates = [
            ProductionFacts.Certificate(file: "tls.pem", notBefore: now - 10 * day, notAfter: now + 80 * day)
        ]
        facts.ring = [key("a", age: 30)]
        return (configuration, facts)
    }

    static func redis(_ url: String) -> GatewayConfiguration.Redis {
        var redis = GatewayConfiguration.Redis()
        redis.url = RedisURL(url)
        return redis
    }

    static func issuer(_ url: String) -> GatewayConfiguration.Issuer {
        var issuer = GatewayConfiguration.Issuer()
        issuer.issuer = "https://idp.example.com"
        issuer.audiences = ["intentusnet"]
        issuer.jwks.url = url
        return issuer
    }

    static func key(
        _ id: String, age days: Int64, profile: String = "v2", uses: [String] = ["clients", "workers"],
        endsIn left: Int64? = nil
    ) -> ProductionFacts.RingKey {
        .init(
            id: id, profile: profile, uses: uses, activeFrom: now - days * day, opensUntil: left.map { now + $0 * day })
    }

    /// What the case's own check finds.
    func findings() throws -> [ProductionFinding] {
        var (configuration, facts) = Self.fit()
        change(&configuration, &facts)
        return ProductionCheck.all.filter { $0.id == id }.flatMap { $0.findings(configuration, facts) }
    }
}
