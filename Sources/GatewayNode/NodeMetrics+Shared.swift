import Observability
import RedisState

extension NodeMetrics {
    /// Puts into a registry what came of key sets and proofs that the cluster shares.
    static func registerSharedKeys(_ registry: MetricsRegistry, _ shared: SharedState) {
        let counters: [(String, String, @Sendable (SharedKeySetFigures) -> Int)] = [
            ("intentusnet_jwks_issuer_requests_total", "Requests of this node to the issuer.", { $0.issuerFetches }),
            (
                "intentusnet_jwks_requests_alone_total", "Of them those made without the cluster's lock.",
                { $0.fetchesAlone }
            ),
            ("intentusnet_jwks_copies_taken_total", "Key sets that another gateway had fetched.", { $0.copiesTaken }),
            (
                "intentusnet_jwks_copies_rejected_total",
                "Key sets in Redis that were not used: forged, broken, too large.",
                { $0.copiesRejected }
            ),
            (
                "intentusnet_jwks_store_failures_total", "Questions about key sets that Redis did not answer.",
                { $0.storeFailures }
            ),
        ]
        for (name, help, read) in counters {
            registry.samplesCallback(name, help, .counter) {
                shared.keySets.figures.sorted { $0.key < $1.key }
                    .map { MetricSample([MetricLabel("issuer", $0.key)], Double(read($0.value))) }
            }
        }
        registry.samplesCallback(
            "intentusnet_replay_checks_total", "Proofs that Redis was to remember, by what came of it.", .counter
        ) {
            let figures = shared.replays.figures
            return [
                ("first", figures.first), ("replayed", figures.replayed),
                ("unanswered", figures.unavailable - figures.skipped), ("skipped", figures.skipped),
            ]
            .map { MetricSample([MetricLabel("outcome", $0.0)], Double($0.1)) }
        }
    }
}
