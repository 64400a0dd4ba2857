import GatewayConfiguration
import IntentProtocol

extension ProductionCheckTests {
    private static let day = ProductionCase.day
    private static let now = ProductionCase.now
    private static let rule = ProductionFacts.Rule(id: "users", place: "policy.yaml:3:5")

    private static func certificate(_ from: Int64, _ until: Int64, dev: Bool = false) -> [ProductionFacts.Certificate] {
        [
            ProductionFacts.Certificate(
                file: "tls.pem", notBefore: now + from * day, notAfter: now + until * day, isOfDevelopment: dev)
        ]
    }

    /// What must be found.
    static let cases: [ProductionCase] = transportCases + callerCases + ruleCases + keyCases + recordCases

    private static let transportCases = [
        ProductionCase("tls.listener", "plain text for everybody", .failure, at: "listen.tls.mode") {
            $1.peerMode = .disable
        },
        ProductionCase("tls.listener", "both", .failure, at: "listen.tls.mode") { $1.peerMode = .permissive },
        ProductionCase("tls.listener", "policies unreadable", .failure, at: "authorization.files") {
            $1.peerMode = nil
        },
        ProductionCase("tls.listener", "plain text on loopback", .warning, at: "listen.tls.mode") {
            $0.listen.http = HostAndPort(host: "127.0.0.1", port: 8080)
            $1.peerMode = .disable
        },
        ProductionCase("tls.listener", "a sidecar that nobody told", .failure, at: "listen.tls.mode") {
            $0.authorization.peerAuthentication = .sidecar
            $1.peerMode = .disable
        },
        ProductionCase("tls.certificates", "ended", .failure, at: "tls.pem") { $1.certificates = certificate(-90, 0) },
        ProductionCase("tls.certificates", "to come", .failure, at: "tls.pem") { $1.certificates = certificate(1, 90) },
        ProductionCase("tls.certificates", "a twentieth", .failure, at: "tls.pem") {
            $1.certificates = certificate(-97, 3)
        },
        ProductionCase("tls.certificates", "a fifth", .warning, at: "tls.pem") {
            $1.certificates = certificate(-85, 15)
        },
        ProductionCase("tls.certificates", "of dev-ca", .failure, at: "tls.pem") {
            $1.certificates = certificate(-1, 89, dev: true)
        },
        ProductionCase("tls.workers", "called in plain text", .failure, at: "summarizer") { configuration, _ in
            configuration.agents[0].principal = nil
            configuration.agents[0].instances[0].url = "http://summarizer.agents:9001/execute-agent"
        },
        ProductionCase("tls.workers", "any certificate", .warning, at: "summarizer") { configuration, _ in
            configuration.agents[0].principal = nil
        },
        ProductionCase("tls.workers", "registration without a principal", .warning, at: "registration") {
            $0.registration = GatewayConfiguration.Registration()
            _ = $1
        },
        ProductionCase("redis.tls", "plain TCP", .failure, at: "store.redis") { configuration, _ in
            configuration.store.redis?.url = RedisURL("redis://redis.internal:6379")
        },
        ProductionCase("redis.tls", "plain TCP on loopback", .warning, at: "store.redis") { configuration, _ in
            configuration.store.redis?.url = RedisURL("redis://127.0.0.1:6379")
        },
        ProductionCase("redis.tls", "a cluster in plain TCP", .failure, at: "store.redis") { configuration, _ in
            configuration.store.redis?.url = nil
            configuration.store.redis?.cluster = [
                HostAndPort(host: "127.0.0.1", port: 1), HostAndPort(host: "redis-1", port: 6379),
            ]
        },
        ProductionCase("redis.access", "no password", .failure, at: "store.redis") { configuration, _ in
            configuration.store.redis?.passwordFile = nil
        },
        ProductionCase("redis.access", "key sets without a seal", .warning, at: "sealFile") { configuration, _ in
            configuration.store.redis?.sealFile = nil
            configuration.store.redis?.trustKeySets = true
        },
        ProductionCase("redis.access", "open while away", .warning, at: "onFailure") { configuration, _ in
            configuration.store.redis?.onFailure = .allow
        },
        ProductionCase("redis.access", "memory", .warning, at: "store") { configuration, _ in
            configuration.store.redis = nil
        },
    ]

    private static let callerCases = [
        ProductionCase("authentication.anonymous", "let in", .failure, at: "authentication.anonymous") {
            configuration, _ in
            configuration.authentication.anonymous = .allow
        },
        ProductionCase("authentication.issuers", "http", .failure, at: "idp.example.com") { configuration, _ in
            configuration.authentication.issuers[0].jwks.url = "http://idp.example.com/jwks"
        },
        ProductionCase("authentication.issuers", "http on loopback", .warning, at: "idp.example.com") {
            configuration, _ in
            configuration.authentication.issuers[0].jwks.url = "http://127.0.0.1:9400/jwks"
        },
        ProductionCase("authentication.tokens", "any life", .failure, at: "idp.example.com") { configuration, _ in
            configuration.authentication.issuers[0].maxLifetimeSeconds = 0
        },
        ProductionCase("authentication.tokens", "a week", .warning, at: "idp.example.com") { configuration, _ in
            configuration.authentication.issuers[0].maxLifetimeSeconds = 604_800
        },
        ProductionCase("authentication.tokens", "stale keys", .warning, at: "idp.example.com") { configuration, _ in
            configuration.authentication.issuers[0].jwks.maxStaleSeconds = 2_592_000
        },
        ProductionCase("identity.peers", "a rule", .failure, at: "policy.yaml:3:5") {
            $0.listen.tls.trustBundleFiles = []
            $1.rulesOfServices = [rule]
        },
        ProductionCase("identity.peers", "services let in", .failure, at: "authentication.services") {
            $0.listen.tls.clientCertificates = GatewayConfiguration.ListenTLS.ClientCertificates.none
            $0.authentication.services = .allow
            _ = $1
        },
        ProductionCase("identity.peers", "registration", .failure, at: "registration.allow[0]") {
            $0.listen.tls.trustBundleFiles = []
            var permission = GatewayConfiguration.Registration.Rule()
            permission.principals = ["cluster.local/ns/agents/sa/*"]
            $0.registration = GatewayConfiguration.Registration()
            $0.registration?.allow = [permission]
            _ = $1
        },
        ProductionCase("identity.proxies", "loopback", .warning, at: "mesh.trustedProxies") { configuration, _ in
            configuration.mesh.trustedProxies = ["loopback"]
        },
    ]

    private static let ruleCases = [
        ProductionCase("policy.default", "allow", .failure, at: "policy.files") { $1.policyDeniesByDefault = false },
        ProductionCase("policy.default", "unreadable", .failure, at: "policy.files") { $1.policyDeniesByDefault = nil },
        ProductionCase("policy.limits", "none", .failure, at: "policy.yaml:3:5") { $1.unlimitedRules = [rule] },
        ProductionCase("policy.store-failure", "open", .warning, at: "policy.yaml:3:5") { $1.openLimits = [rule] },
        ProductionCase("input.bounds", "payload", .warning, at: "envelope.payloadBytesMax") { configuration, _ in
            configuration.envelope.payloadBytesMax = 2_000_000
        },
        ProductionCase("input.bounds", "one peer", .warning, at: "connectionsPerPeerMax") { configuration, _ in
            configuration.listen.connectionsPerPeerMax = 0
        },
        ProductionCase("input.bounds", "slow", .warning, at: "requestTimeout") { configuration, _ in
            configuration.listen.requestTimeoutMilliseconds = 600_000
        },
    ]

    private static let keyCases = [
        ProductionCase("emcl.demand", "nothing", .warning, at: "emcl") { configuration, _ in configuration.emcl = nil },
        ProductionCase("emcl.demand", "a ring for nothing", .failure, at: "emcl") { configuration, _ in
            configuration.emcl?.clients = .off
            configuration.emcl?.workers = .off
        },
        ProductionCase("emcl.demand", "nobody must", .warning, at: "emcl.clients") { configuration, _ in
            configuration.emcl?.clients = .accepted
            configuration.emcl?.workers = .accepted
        },
        ProductionCase("emcl.demand", "v1", .warning, at: "emcl.clientProfiles") { configuration, _ in
            configuration.emcl?.clientProfiles = [.v1, .v2]
        },
        ProductionCase("emcl.keys", "none", .failure, at: "emcl.keyRingFile") { $1.ring = [] },
        ProductionCase("emcl.keys", "all ended", .failure, at: "emcl.keyRingFile") {
            $1.ring = [ProductionCase.key("a", age: 30, endsIn: 0)]
        },
        ProductionCase("emcl.keys", "none for workers", .failure, at: "emcl.keyRingFile") {
            $1.ring = [ProductionCase.key("a", age: 30, uses: ["clients"])]
        },
        ProductionCase("emcl.keys", "not yet", .failure, at: "emcl.keyRingFile") {
            $1.ring = [ProductionCase.key("a", age: -1)]
        },
        ProductionCase("emcl.keys", "old", .warning, at: "key 'a'") { $1.ring = [ProductionCase.key("a", age: 91)] },
        ProductionCase("emcl.keys", "stale", .failure, at: "key 'a'") { $1.ring = [ProductionCase.key("a", age: 366)] },
        ProductionCase("emcl.keys", "of unknown age", .warning, at: "key 'a'") {
            $1.ring = [ProductionFacts.RingKey(id: "a", profile: "v2", uses: ["clients", "workers"], activeFrom: 0)]
        },
        ProductionCase("emcl.keys", "a former one for ever", .warning, at: "key 'b'") {
            $1.ring = [ProductionCase.key("a", age: 3), ProductionCase.key("b", age: 40)]
        },
        ProductionCase("emcl.keys", "ends and nothing follows", .warning, at: "key 'a'") {
            $1.ring = [ProductionCase.key("a", age: 30, endsIn: 3)]
        },
        ProductionCase("emcl.replay", "local", .warning, at: "emcl.onReplayUnknown") { configuration, _ in
            configuration.emcl?.onReplayUnknown = .local
        },
        ProductionCase("secrets.inline", "a password", .failure, at: "store.redis.password") {
            $1.inlineSecrets = ["store.redis.password"]
        },
        ProductionCase("secrets.inline", "a query", .warning, at: "idp.example.com") { configuration, _ in
            configuration.authentication.issuers[0].jwks.url = "https://idp.example.com/jwks?code=k"
        },
        ProductionCase("secrets.files", "read by all", .failure, at: "tls.key") {
            $1.files = [ProductionFacts.File(key: "listen.tls.keyFile", path: "tls.key", mode: 0o644)]
        },
        ProductionCase("secrets.files", "a node's, changed by the group", .failure, at: "edge.secret") {
            $1.files = [ProductionFacts.File(key: "mesh.nodes[0].secretFile", path: "edge.secret", mode: 0o660)]
        },
        ProductionCase("files.writable", "policy", .failure, at: "policy.yaml") {
            $1.files = [ProductionFacts.File(key: "policy.files[0]", path: "policy.yaml", mode: 0o666)]
        },
        ProductionCase("secrets.sources", "vault", .failure, at: "secrets.vault") { configuration, _ in
            configuration.secrets.vault.allowInsecureHttp = true
        },
        ProductionCase("secrets.sources", "aws", .failure, at: "secrets.aws") { configuration, _ in
            configuration.secrets.aws.allowInsecureHttp = true
        },
    ]

    private static let recordCases = [
        ProductionCase("audit.output", "none", .failure, at: "audit.output") { configuration, _ in
            configuration.audit.output = .none
        },
        ProductionCase("audit.key", "none", .failure, at: "audit.keyFile") { configuration, _ in
            configuration.audit.keyFile = nil
        },
        ProductionCase("audit.mode", "drop", .warning, at: "audit.mode") { configuration, _ in
            configuration.audit.mode = .drop
        },
        ProductionCase("audit.delivery", "UDP", .warning, at: "audit.syslog") { configuration, _ in
            configuration.audit.output = .syslog
            configuration.audit.syslog = GatewayConfiguration.AuditSyslog()
            if let address = SyslogURL("udp://logs:514") { configuration.audit.syslog?.address = address }
        },
        ProductionCase("admin.access", "open", .failure, at: "admin.http") { configuration, _ in
            configuration.admin.http = HostAndPort(host: "0.0.0.0", port: 9090)
        },
        ProductionCase("admin.access", "tokens in plain text", .failure, at: "admin.tls") { configuration, _ in
            configuration.admin.http = HostAndPort(host: "0.0.0.0", port: 9090)
            configuration.admin.access = GatewayConfiguration.AdminAccess()
        },
        ProductionCase("admin.access", "open metrics", .warning, at: "protectMetrics") { configuration, _ in
            configuration.admin.http = HostAndPort(host: "0.0.0.0", port: 9090)
            configuration.admin.access = GatewayConfiguration.AdminAccess()
            configuration.admin.tls.certificateFile = "admin.pem"
        },
        ProductionCase("admin.access", "any issuer", .warning, at: "admin.access.issuers") { configuration, _ in
            configuration.authentication.issuers.append(ProductionCase.issuer("https://two.example.com/jwks"))
            configuration.admin.http = HostAndPort(host: "0.0.0.0", port: 9090)
            configuration.admin.access = GatewayConfiguration.AdminAccess()
            configuration.admin.access?.protectMetrics = true
            configuration.admin.tls.certificateFile = "admin.pem"
        },
        ProductionCase("log.level", "trace", .warning, at: "log.level") { configuration, _ in
            configuration.log.level = .trace
        },
        ProductionCase("traces.parents", "everybody's", .warning, at: "traces.parents") { configuration, _ in
            configuration.traces = GatewayConfiguration.Traces()
            configuration.traces?.parents = .followed
        },
        ProductionCase("operation.drain", "none", .warning, at: "drainTimeout") { configuration, _ in
            configuration.drainTimeoutMilliseconds = 0
        },
    ]

    /// What must pass.
    static let fineCases = [
        ProductionCase("tls.listener", "strict", .ok, at: "") { $1.peerMode = .strict },
        ProductionCase("tls.listener", "a sidecar that was told", .ok, at: "") {
            $0.authorization.peerAuthentication = .sidecar
            $1.peerMode = .disable
            $1.sidecarRequiresTLS = true
        },
        ProductionCase("traces.parents", "those of services", .ok, at: "") { configuration, _ in
            configuration.traces = GatewayConfiguration.Traces()
        },
        ProductionCase("tls.certificates", "three quarters of a day over", .ok, at: "") {
            $1.certificates = [
                ProductionFacts.Certificate(file: "svid.pem", notBefore: now - 3 * day / 4, notAfter: now + day / 4)
            ]
        },
        ProductionCase("tls.workers", "plain text on loopback", .ok, at: "") { configuration, _ in
            configuration.agents[0].principal = nil
            configuration.agents[0].instances[0].url = "http://127.0.0.1:9001/execute-agent"
        },
        ProductionCase("redis.access", "a certificate", .ok, at: "") { configuration, _ in
            configuration.store.redis?.passwordFile = nil
            configuration.store.redis?.tls = GatewayConfiguration.ClientTLS()
            configuration.store.redis?.tls?.certificateFile = "gateway.pem"
        },
        ProductionCase("redis.access", "no shared key sets", .ok, at: "") { configuration, _ in
            configuration.store.redis?.sealFile = nil
        },
        ProductionCase("identity.peers", "nodes that sign", .ok, at: "") {
            $0.listen.tls.trustBundleFiles = []
            $0.mesh.nodes = [GatewayConfiguration.Node()]
            $1.rulesOfServices = [rule]
        },
        ProductionCase("emcl.demand", "v1 for one agent's intents that are off", .ok, at: "") { configuration, _ in
            configuration.emcl?.workers = .off
            configuration.emcl?.workerProfile = .v1
        },
        ProductionCase("emcl.keys", "a former one that ends", .ok, at: "") {
            $1.ring = [ProductionCase.key("a", age: 3), ProductionCase.key("b", age: 400, endsIn: 2)]
        },
        ProductionCase("emcl.keys", "ends, and another one is staged", .ok, at: "") {
            $1.ring = [ProductionCase.key("a", age: 30, endsIn: 3), ProductionCase.key("b", age: -1)]
        },
        ProductionCase("emcl.keys", "nothing sealed, no key needed", .ok, at: "") {
            $0.emcl = nil
            $1.ring = []
        },
        ProductionCase("admin.access", "a certificate and metrics behind it", .ok, at: "") { configuration, _ in
            configuration.admin.http = HostAndPort(host: "0.0.0.0", port: 9090)
            configuration.admin.access = GatewayConfiguration.AdminAccess()
            configuration.admin.access?.protectMetrics = true
            configuration.admin.tls.certificateFile = "admin.pem"
        },
        ProductionCase("input.bounds", "a balancer in front", .ok, at: "") { configuration, _ in
            configuration.listen.connectionsPerPeerMax = 0
            configuration.mesh.trustedProxies = ["10.0.0.0/8"]
        },
    ]
}
