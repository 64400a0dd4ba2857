import Documents
import Gateway
import GatewayConfiguration
import GatewayHTTP
import Identity
import IntentPolicy
import IntentProtocol
import KeySources
import Logging
import NIOCore
import Observability
import RateLimiting
import RedisState
import Routing
import Synchronization

/// The parts of a node that its event loops share, made from a configuration.
final class NodeParts: Sendable {
    let settings: GatewaySettings
    let peers: PeerProofs
    let tokens: TokenVerifier
    let keys: IssuerKeyRefreshers
    let policies: PolicyHolder
    /// Issuers that only the mesh's policies name.
    let policyIssuers: PolicyIssuers
    /// The mesh's policies.
    let authorization: AuthorizationHolder
    /// The policies of the admin API.
    let adminAuthorization: AuthorizationHolder
    /// The buckets of this process; unused where they are shared.
    let buckets: MemoryBucketStore
    /// What is shared with other nodes; nil for a node on its own.
    let shared: SharedState?
    private let onStoreFailure: StoreFailureMode
    let directory: DirectoryStore
    let meter: NodeMeter
    /// This node as the others see it.
    let record: NodeRecord
    let rate: RequestRate
    let inFlight: NodeCount
    let hotLimitsOfLoops = Mutex<[HotLimits]>([])
    let audit: NodeAudit
    let registry = MetricsRegistry()
    let health = HealthState()
    let logger: Logger
    /// What the logger writes, for as long as somebody wants to know more or less.
    let logLevel: LogLevel
    let eventLoopCount: Int
    let httpLimits: HTTPLimits
    let upstreamLimits: UpstreamLimits
    let tls: NodeTLS
    /// The key ring; nil where nothing is sealed.
    let seals: NodeSeals?
    private let envelopeSeals: EnvelopeSeals?
    /// What the configuration names by `secret://`; others get their secrets here, too.
    let secrets: NodeSecrets
    let certificateReloads = CertificateReloads()
    let certificateAges = CertificateAges()
    /// Of each reason one in ten seconds is logged.
    let refusalsLogged = NoticeLimit(everySeconds: 10)
    private let generation: Gauge
    private let reloadsRefused: Counter

    init(_ loaded: NodeFiles.Loaded) throws {
        let configuration = loaded.configuration
        eventLoopCount = configuration.eventLoops ?? System.coreCount
        logLevel = LogLevel(Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info)
        logger = Self.logger(logLevel)
        settings = try GatewaySettings(configuration)
        httpLimits = HTTPLimits(configuration.listen)
        tls = loaded.tls
        secrets = loaded.secrets
        upstreamLimits = UpstreamLimits(configuration.routing.upstream)
        tokens = TokenVerifier(
            issuers: try configuration.authentication.issuers.map(IssuerPolicy.init(configured:)),
            cacheEntries: configuration.authentication.tokenCacheEntries)
        let hasher = BucketKeyHasher(
            secret: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)))
        var directoryLimits = DirectoryLimits()
        if let registration = configuration.registration {
            directoryLimits.registeredNodePriorityMin = registration.minimumNodePriority
            directoryLimits.registeredPrincipal = registration.workerPrincipal
        }
        let limits = directoryLimits
        directory = DirectoryStore(limits: limits)
        let (logger, directory) = (logger, directory)
        let (redisTLS, secrets) = (tls.redis, loaded.secrets)
        let (record, rate, inFlight) = (NodeRecord(configuration), RequestRate(), NodeCount())
        (self.record, self.rate, self.inFlight) = (record, rate, inFlight)
        let audit = try NodeAudit(configuration.audit, shards: eventLoopCount)
        self.audit = audit
        let sealsOfNode = loaded.seals
        shared = try configuration.store.redis.map {
            try SharedState(
                $0, secrets: secrets, tls: redisTLS, record: record, load: { Self.load(rate, inFlight) },
                keyIds: { sealsOfNode?.idsToTell(nowUnixMilliseconds: Timestamp.unixNanoseconds() / 1_000_000) },
                hasher: hasher,
                directory: directory,
                directoryLimits: limits, logger: logger, onLimitChange: Self.limitChange(audit))
        }
        let replays: any ReplayCache =
            shared.map { $0.replays as any ReplayCache }
            ?? MemoryReplayCache(nowNanoseconds: Timestamp.monotonicNanoseconds)
        peers = try PeerProofs(
            configuration.mesh, issuers: configuration.authentication.issuers, secrets: secrets, replays: replays)
        seals = loaded.seals
        let isShared = shared != nil
        envelopeSeals = configuration.emcl.flatMap { emcl in
            loaded.seals.map { EnvelopeSeals(emcl, $0.holder, replays: replays, isShared: isShared) }
        }
        let around = Self.keySurroundings(logger)
        policyIssuers = PolicyIssuers(configuration, sharing: shared?.keySets, around)
        keys = try Self.refreshers(
            configuration.authentication.issuers, loaded.files, tokens, shared, loaded.tls, around)
        onStoreFailure =
            configuration.store.redis.flatMap { StoreFailureMode(rawValue: $0.onFailure.rawValue) } ?? .local
        buckets = MemoryBucketStore(hasher: hasher, keysMax: configuration.limits.liveKeysMax)
        policies = PolicyHolder(
            ActivePolicy(CompiledPolicy(loaded.policy), hasher: hasher, onStoreFailure: onStoreFailure))
        authorization = AuthorizationHolder(loaded.authorization)
        adminAuthorization = AuthorizationHolder(loaded.adminAuthorization)
        var meterSettings = RequestMeter.Settings()
        meterSettings.shards = eventLoopCount
        meter = RequestMeter(meterSettings)
        generation = registry.gauge(
            "intentusnet_config_generation", "Counts the policies put in force since the start.")
        reloadsRefused = registry.counter(
            "intentusnet_config_reload_refused_total", "Reloads of which a part was refused and the old one kept.")
        generation.set(1)
        try directory.replaceStatic(loaded.agents)
        NodeMetrics.register(in: registry, self)
        watchHealth()
        reportRefusedWorkers()
        watchAudit(isBlocking: configuration.audit.mode == .block)
        watchCertificateAges()
        if let seals { NodeMetrics.registerSeals(registry, seals, shared?.keyRings) }
    }

    /// The gateway of one event loop.
    func gateway(workers: WorkerConnections, on loop: any EventLoop) -> NodeGateway {
        let place = shared.map { NodeBuckets.Place.shared($0.buckets(on: loop)) } ?? .memory(buckets)
        let hot = HotLimits()
        hotLimitsOfLoops.withLock { $0.append(hot) }
        var (peers, seals) = (self.peers, envelopeSeals)
        if let replays = shared?.replays(on: loop) {
            peers = peers.remembering(in: replays)
            seals = seals?.remembering(in: replays)
        }
        return NodeGateway(
            settings: settings, peers: peers, tokens: tokens, keys: keys, authorization: authorization,
            additional: policyIssuers.active, policies: policies,
            buckets: NodeBuckets(place: place, hot: hot),
            directory: directory, registrar: shared?.directory ?? directory, workers: workers,
            seals: seals, around: SystemSurroundings(), meter: meter, audit: audit)
    }

    /// Puts another policy in force.
    func activate(_ policy: PolicyDocument) {
        policies.replace(ActivePolicy(CompiledPolicy(policy), hasher: buckets.hasher, onStoreFailure: onStoreFailure))
        generation.add(1)
    }

    /// Tells log, metrics and audit what came of a reload.
    func noteReload(_ diagnostics: Diagnostics) {
        var record = AuditRecord(.configReload, unixNanoseconds: Timestamp.unixNanoseconds(), action: "policies.reload")
        record.outcome = diagnostics.hasErrors ? .validationError : nil
        record.reason = diagnostics.hasErrors ? "refused" : "applied"
        record.detail = diagnostics.errors.first?.description
        audit.append(record)
        guard diagnostics.hasErrors else {
            health.set("configuration", .healthy)
            logger.notice("reloaded", metadata: ["warnings": "\(diagnostics.warnings.count)"])
            return
        }
        reloadsRefused.increment()
        health.set("configuration", .degraded, "the last reload was refused; the former files are in force")
        for finding in diagnostics.errors {
            logger.error("reload refused, the old files stay in force", metadata: ["finding": "\(finding)"])
        }
    }

    private func watchHealth() {
        if let shared {
            health.probe("redis") { shared.health }
            shared.watchMemory(health, registry)
        }
        for refresher in keys.refreshers {
            let issuer = refresher.status().issuer
            health.probe("issuer \(issuer)") {
                switch refresher.status().availability {
                case .ready: (.healthy, "")
                case .stale: (.degraded, "'\(issuer)' cannot be reached; its last keys serve")
                case .unavailable: (.degraded, "there are no keys of '\(issuer)'; its tokens are answered 503")
                }
            }
        }
        if policyIssuers.isAllowed {
            health.probe("issuers of policies") { [policyIssuers] in
                let missing = policyIssuers.statuses.filter { $0.availability != .ready }.map { "'\($0.issuer)'" }
                return missing.isEmpty
                    ? (.healthy, "") : (.degraded, "keys of \(missing.joined(separator: ", ")) cannot be fetched now")
            }
        }
        // The tokens of one issuer are no reason to send those of the others away.
        guard !keys.refreshers.isEmpty else { return }
        health.probe("keys") { [keys] in
            let isKeyless = keys.refreshers.allSatisfy { $0.status().availability == .unavailable }
            return isKeyless ? (.unhealthy, "no issuer has keys") : (.healthy, "")
        }
    }

    static func logger(_ log: GatewayConfiguration.Log) -> Logger {
        logger(LogLevel(Logger.Level(rawValue: log.level.rawValue) ?? .info))
    }

    private static func logger(_ level: LogLevel) -> Logger {
        Logger(label: "gateway") { label in LogFormat.text.handler(label: label, level: level) }
    }

    private static func keySurroundings(_ logger: Logger) -> KeySetRefresher.Surroundings {
        KeySetRefresher.Surroundings(
            nowNanoseconds: Timestamp.monotonicNanoseconds,
            sleep: { nanoseconds in try? await Task.sleep(for: .nanoseconds(nanoseconds)) },
            jitter: { Double.random(in: 0...1) },
            onEvent: { issuer, event in
                switch event {
                case .fetched(let count, let rejections):
                    logger.info("keys in force", metadata: ["issuer": "\(issuer)", "keys": "\(count)"])
                    for rejection in rejections {
                        logger.warning("key left out", metadata: ["issuer": "\(issuer)", "reason": "\(rejection)"])
                    }
                case .failed(let error):
                    logger.error("keys not fetched", metadata: ["issuer": "\(issuer)", "reason": "\(error)"])
                case .withdrawn:
                    logger.error("keys too old, out of force", metadata: ["issuer": "\(issuer)"])
                }
            })
    }

    private static func refreshers(
        _ issuers: [GatewayConfiguration.Issuer], _ files: NodeFiles, _ tokens: TokenVerifier, _ shared: SharedState?,
        _ tls: NodeTLS, _ around: KeySetRefresher.Surroundings
    ) throws -> IssuerKeyRefreshers {
        return IssuerKeyRefreshers(
            refreshers: try issuers.enumerated().map { index, issuer in
                var timing = KeySetTiming()
                timing.freshForSeconds = Int64(issuer.jwks.refreshSeconds)
                timing.staleMaxSeconds = Int64(issuer.jwks.maxStaleSeconds)
                let origin = try source(issuer.jwks, files.keyFiles[index], tls.issuers[issuer.issuer])
                guard let shared, let url = issuer.jwks.url else {
                    return KeySetRefresher(
                        issuer: index, verifier: tokens, source: origin, timing: timing, surroundings: around)
                }
                let source = shared.keySets.source(
                    issuer: issuer.issuer, url: url, origin: origin, keyTiming: timing)
                let refresher = KeySetRefresher(
                    issuer: index, verifier: tokens, source: source, timing: timing, surroundings: around)
                shared.keySets.watch(source, for: refresher)
                return refresher
            })
    }

    private static func source(
        _ jwks: GatewayConfiguration.KeySource, _ file: FileKeySetSource?, _ tls: KeySetTLS?
    ) throws -> any KeySetSource {
        if let file { return file }
        var options = URLKeySetSource.Options()
        options.tls = tls
        let url = try KeySetURL(jwks.url ?? "", allowInsecure: jwks.allowInsecureHttp)
        return URLKeySetSource(url, options: options)
    }
}
