import CertificateFiles
import GatewayHTTP
import Observability
import Synchronization

/// Counts certificates that were put in force and refused, by use.
final class CertificateReloads: Sendable {
    private let counts = Mutex<[String: (applied: Int, refused: Int)]>([:])

    func count(_ use: String, isRefused: Bool) {
        counts.withLock { counts in
            if isRefused {
                counts[use, default: (0, 0)].refused += 1
            } else {
                counts[use, default: (0, 0)].applied += 1
            }
        }
    }

    func samples(ofUses uses: [String]) -> [MetricSample] {
        let counts = counts.withLock { $0 }
        return uses.flatMap { use in
            [("applied", counts[use]?.applied ?? 0), ("refused", counts[use]?.refused ?? 0)].map {
                MetricSample([MetricLabel("use", use), MetricLabel("result", $0.0)], Double($0.1))
            }
        }
    }
}

extension NodeMetrics {
    /// What is told of certificates and handshakes; nothing for a node without any.
    static func registerTLS(_ registry: MetricsRegistry, _ tls: NodeTLS, _ reloads: CertificateReloads) {
        guard !tls.sets.isEmpty else { return }
        registry.samplesCallback(
            "intentusnet_certificate_expiry_seconds",
            "Seconds until the first certificate of a file ends; negative once it has.", .gauge
        ) {
            let now = Double(Timestamp.unixNanoseconds()) / 1e9
            return tls.sets.flatMap { set in
                set.expiries.map { expiry in
                    MetricSample(
                        [MetricLabel("use", set.use), MetricLabel("file", expiry.file)],
                        Double(expiry.notAfterUnixSeconds) - now.rounded())
                }
            }
        }
        registerRemainingTime(registry, tls)
        registry.samplesCallback(
            "intentusnet_certificate_reloads_total", "Changed certificate files, by what became of them.", .counter
        ) {
            reloads.samples(ofUses: tls.sets.map(\.use))
        }
        registry.counterCallback(
            "intentusnet_worker_tls_failures_total",
            "Connections to workers that ended in their handshake, or because the worker is another service."
        ) {
            Double(tls.upstream.failures)
        }
        let (gauges, upstream) = (tls.listener?.gauges, tls.upstream)
        registry.samplesCallback(
            "intentusnet_certificates_refused_total",
            "Peers whose certificates were not believed, by who they would be and the reason.", .counter
        ) {
            let refused = [("client", gauges?.refusedCertificateCounts), ("worker", upstream.refusedCertificateCounts)]
            return refused.flatMap { peer, counts in
                (counts ?? [:]).sorted { $0.key < $1.key }.map { reason, count in
                    MetricSample([MetricLabel("peer", peer), MetricLabel("reason", reason)], Double(count))
                }
            }
        }
        if let gauges { registerHandshakes(registry, gauges) }
    }

    private static func registerHandshakes(_ registry: MetricsRegistry, _ gauges: TLSGauges) {
        registry.gaugeCallback("intentusnet_tls_handshakes_in_flight", "Handshakes that have begun and are not over.") {
            Double(gauges.handshakesInFlight)
        }
        registry.samplesCallback(
            "intentusnet_tls_handshakes_total", "Handshakes that became connections, by version and protocol.", .counter
        ) {
            gauges.completedCounts.sorted { $0.key < $1.key }.map { kind, count in
                let words = kind.split(separator: " ").map(String.init)
                return MetricSample(
                    [MetricLabel("version", words[0]), MetricLabel("protocol", words[1])], Double(count))
            }
        }
        registry.samplesCallback(
            "intentusnet_http2_faults_total", "HTTP/2 connections that were ended for a fault, by reason.", .counter
        ) {
            let counts = gauges.http2FaultCounts
            return HTTP2Fault.allCases.map {
                MetricSample([MetricLabel("reason", $0.rawValue)], Double(counts[$0] ?? 0))
            }
        }
        registry.samplesCallback(
            "intentusnet_tls_failures_total", "Connections that ended before they were any, by reason.", .counter
        ) {
            let counts = gauges.failureCounts
            return TLSGauges.Failure.allCases.map {
                MetricSample([MetricLabel("reason", $0.rawValue)], Double(counts[$0] ?? 0))
            }
        }
    }
}
