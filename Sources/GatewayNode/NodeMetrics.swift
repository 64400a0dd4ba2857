import GatewayHTTP
import Identity
import Observability
import RateLimiting
import RedisState
import Routing

/// Puts everything that a node counts into its registry.
enum NodeMetrics {
    static func register(in registry: MetricsRegistry, _ parts: NodeParts) {
        registry.register(parts.meter)
        ProcessMetrics.register(in: registry, startUnixNanoseconds: Timestamp.unixNanoseconds())
        if let shared = parts.shared {
            registerShared(registry, shared)
        } else {
            registerLimits(registry, parts.buckets)
        }
        registerDirectory(registry, parts.directory)
        registerKeys(registry, parts.keys.refreshers, parts.tokens)
        registerTLS(registry, parts.tls, parts.certificateReloads)
        registerAudit(registry, parts.audit)
    }

    static func register(in registry: MetricsRegistry, _ server: ServerGauges, pools: WorkerPools) {
        registry.gaugeCallback("intentusnet_connections", "Open connections of the data plane.") {
            Double(server.openConnections)
        }
        registry.gaugeCallback("intentusnet_requests_in_flight", "Requests being handled.") {
            Double(server.requestsInFlight)
        }
        registry.gaugeCallback(
            "intentusnet_listener_buffered_bytes",
            "Bytes that connections hold of requests and answers, beyond the first 64 KiB of each."
        ) {
            Double(server.bufferedBytes)
        }
        registry.samplesCallback(
            "intentusnet_listener_refusals_total", "Requests refused before any stage of the gateway.", .counter
        ) {
            server.refusalCounts.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { MetricSample([MetricLabel("reason", $0.key.rawValue)], Double($0.value)) }
        }
        registry.samplesCallback(
            "intentusnet_connections_refused_total", "Connections closed at once, by the limit they were over.",
            .counter
        ) {
            let closed = server.closedConnections
            return ConnectionLimit.allCases.map {
                MetricSample([MetricLabel("limit", $0.rawValue)], Double(closed[$0] ?? 0))
            }
        }
        registry.counterCallback(
            "intentusnet_accept_failures_total", "Times the system had no file descriptor or memory for a connection."
        ) {
            Double(server.acceptFailures)
        }
        registry.gaugeCallback("intentusnet_worker_connections", "Open connections to workers.") {
            Double(pools.counts().connections)
        }
        registry.gaugeCallback("intentusnet_worker_connections_idle", "Connections to workers that wait for a call.") {
            Double(pools.counts().idle)
        }
        registry.gaugeCallback("intentusnet_worker_calls_waiting", "Calls that wait for a connection to a worker.") {
            Double(pools.counts().waiting)
        }
    }

    private static func registerLimits(_ registry: MetricsRegistry, _ buckets: MemoryBucketStore) {
        registry.gaugeCallback("intentusnet_limit_keys", "Buckets that are not full.") {
            Double(buckets.gauges().liveKeys)
        }
        let counters: [(String, String, @Sendable (BucketGauges) -> UInt64)] = [
            ("intentusnet_limit_admitted_total", "Requests that every limit admitted.", { $0.admitted }),
            ("intentusnet_limit_refused_total", "Requests that a limit refused.", { $0.refused }),
            (
                "intentusnet_limit_shadow_refused_total", "Requests that a limit in shadow mode would have refused.",
                { $0.shadowRefused }
            ),
            (
                "intentusnet_limit_overflow_total", "Takes from a shared bucket because the table was full.",
                { $0.overflowTakes }
            ),
        ]
        for (name, help, read) in counters {
            registry.counterCallback(name, help) { Double(read(buckets.gauges())) }
        }
        registerSettlements(registry) { buckets.gauges().settled }
    }

    private static func registerSettlements(
        _ registry: MetricsRegistry, _ gauges: @escaping @Sendable () -> SettlementGauges
    ) {
        let counters: [(String, String, @Sendable (SettlementGauges) -> UInt64)] = [
            ("intentusnet_limit_settled_total", "Limits settled by what a worker reported.", { $0.reported }),
            (
                "intentusnet_limit_unreported_total", "Limits to be settled whose worker reported nothing.",
                { $0.unreported }
            ),
            ("intentusnet_limit_charged_tokens_total", "Tokens charged after the answer.", { $0.chargedTokens }),
            ("intentusnet_limit_credited_tokens_total", "Tokens given back after the answer.", { $0.creditedTokens }),
        ]
        for (name, help, read) in counters { registry.counterCallback(name, help) { Double(read(gauges())) } }
    }

    private static func registerShared(_ registry: MetricsRegistry, _ shared: SharedState) {
        let counters: [(String, String, @Sendable (SharedLimitGauges) -> UInt64)] = [
            ("intentusnet_limit_admitted_total", "Requests that every limit admitted.", { $0.admitted }),
            ("intentusnet_limit_refused_total", "Requests that a limit refused.", { $0.refused }),
            (
                "intentusnet_limit_shadow_refused_total", "Requests that a limit in shadow mode would have refused.",
                { $0.shadowRefused }
            ),
            ("intentusnet_limit_leased_total", "Demands paid from tokens that this node held.", { $0.leased }),
            ("intentusnet_limit_asked_total", "Requests that asked the shared store.", { $0.asked }),
            ("intentusnet_limit_refills_total", "Leases taken ahead of use.", { $0.refills }),
            ("intentusnet_limit_degraded_total", "Requests decided by this node alone.", { $0.degraded }),
            ("intentusnet_limit_store_failures_total", "Calls that the shared store did not answer.", { $0.failures }),
            ("intentusnet_limit_returned_total", "Tokens given back unspent.", { $0.returned }),
            ("intentusnet_limit_expired_total", "Tokens lost because they were held too long.", { $0.expired }),
        ]
        for (name, help, read) in counters {
            registry.counterCallback(name, help) { Double(read(shared.book.gauges())) }
        }
        registerSettlements(registry) { shared.book.gauges().settled }
        registerSharedKeys(registry, shared)
        registry.gaugeCallback("intentusnet_limit_keys", "Buckets that this node remembers.") {
            Double(shared.book.gauges().entries)
        }
        registry.gaugeCallback("intentusnet_limit_shared", "1 while limits are shared, 0 while the store is away.") {
            shared.book.isStoreAsked ? 1 : 0
        }
        registry.gaugeCallback("intentusnet_nodes", "Gateways alive in the cluster, this one included.") {
            Double(shared.nodes.liveCount)
        }
        registry.gaugeCallback(
            "intentusnet_directory_shared", "1 while the agents are in step with the other nodes, 0 while not."
        ) {
            let figures = shared.directory.figures
            return figures.isComplete && !figures.isAway ? 1 : 0
        }
        registry.gaugeCallback(
            "intentusnet_directory_pending", "Registrations and departures that wait for the shared store."
        ) {
            Double(shared.directory.figures.pending)
        }
        registry.counterCallback(
            "intentusnet_directory_records_rejected_total", "Shared agents that were not used as they stood."
        ) {
            Double(shared.directory.figures.recordsRejected)
        }
        let redis: [(String, String, @Sendable (RedisCounters.Reading) -> Int)] = [
            ("intentusnet_redis_commands_total", "Commands sent to Redis.", { $0.commands }),
            ("intentusnet_redis_timeouts_total", "Commands that Redis did not answer in time.", { $0.timeouts }),
            ("intentusnet_redis_refusals_total", "Commands that Redis refused.", { $0.refusals }),
            ("intentusnet_redis_connections_total", "Connections to Redis that became ready.", { $0.connections }),
            ("intentusnet_redis_losses_total", "Connections to Redis that ended or failed.", { $0.losses }),
            ("intentusnet_redis_redirections_total", "Redirections followed in a Redis Cluster.", { $0.redirections }),
            ("intentusnet_redis_overloads_total", "Commands refused because too many waited.", { $0.overloads }),
        ]
        for (name, help, read) in redis {
            registry.counterCallback(name, help) { Double(read(shared.counters.reading)) }
        }
    }

    private static func registerDirectory(_ registry: MetricsRegistry, _ directory: DirectoryStore) {
        registry.gaugeCallback("intentusnet_agents", "Agents in the directory.") {
            Double(directory.snapshot.agentCount)
        }
        registry.samplesCallback("intentusnet_agent_instances", "Live instances of each agent by health.", .gauge) {
            directory.listing(nowNanoseconds: Timestamp.monotonicNanoseconds()).prefix(500).flatMap { agent in
                ["healthy", "ejected", "probing"].map { health in
                    MetricSample(
                        [MetricLabel("agent", agent.definition.name), MetricLabel("health", health)],
                        Double(agent.instances.count { $0.health == health }))
                }
            }
        }
    }

    private static func registerKeys(
        _ registry: MetricsRegistry, _ refreshers: [KeySetRefresher], _ tokens: TokenVerifier
    ) {
        let read: @Sendable (@escaping @Sendable (KeySetStatus) -> Double) -> @Sendable () -> [MetricSample] = {
            value in
            { refreshers.map { $0.status() }.map { MetricSample([MetricLabel("issuer", $0.issuer)], value($0)) } }
        }
        registry.samplesCallback(
            "intentusnet_issuer_keys", "Keys in force of each issuer.", .gauge, read { Double($0.keyCount) })
        registry.samplesCallback(
            "intentusnet_issuer_keys_age_seconds", "Seconds since the keys were fetched; -1 without keys.", .gauge,
            read { Double($0.ageSeconds ?? -1) })
        registry.samplesCallback(
            "intentusnet_jwks_fetch_total",
            "Fetches that brought keys, from the issuer or from another gateway's copy.",
            .counter, read { Double($0.fetchesSucceeded) }
        )
        registry.samplesCallback(
            "intentusnet_jwks_fetch_failed_total", "Fetches that did not.", .counter, read { Double($0.fetchesFailed) })
        registry.gaugeCallback("intentusnet_verified_tokens", "Tokens in the cache of verified tokens.") {
            Double(tokens.cachedTokenCount)
        }
    }
}
