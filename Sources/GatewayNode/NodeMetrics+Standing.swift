import CertificateFiles
import GatewayHTTP
import Identity
import Observability

/// Figures for alerts: how each part stands, as the node itself judges it.
extension NodeMetrics {
    static func registerStanding(_ registry: MetricsRegistry, _ health: HealthState) {
        registry.gaugeCallback(
            "intentusnet_build_info", "Always 1; the label tells the version of the build.",
            labels: [MetricLabel("version", Version.text)]
        ) { 1 }
        registry.gaugeCallback("intentusnet_ready", "1 while new requests should come here, 0 while not.") {
            health.report().isReady ? 1 : 0
        }
        registry.samplesCallback(
            "intentusnet_health", "Each part that /health tells of: 0 healthy, 1 degraded, 2 unhealthy.", .gauge
        ) {
            health.report().checks.map { check in
                MetricSample([MetricLabel("part", check.name)], check.status.figure)
            }
        }
    }

    /// Whether the last reload was taken, for whoever has to be told until somebody has mended the file.
    static func registerReloads(_ registry: MetricsRegistry, _ isRefused: @escaping @Sendable () -> Bool) {
        registry.gaugeCallback(
            "intentusnet_config_last_reload_successful",
            "1 while the files that were last read are in force, 0 while a part of them was refused."
        ) { isRefused() ? 0 : 1 }
    }

    static func registerStaleness(
        _ registry: MetricsRegistry, _ statuses: @escaping @Sendable () -> [KeySetStatus]
    ) {
        registry.samplesCallback(
            "intentusnet_issuer_keys_stale",
            "1 while the issuer cannot be reached and its last keys serve, or it has none; 0 while its keys are fresh.",
            .gauge
        ) {
            statuses().map { status in
                MetricSample([MetricLabel("issuer", status.issuer)], status.availability == .ready ? 0 : 1)
            }
        }
    }

    /// How much of its time a certificate has left, for those that live for hours and those that live for years.
    static func registerRemainingTime(_ registry: MetricsRegistry, _ tls: NodeTLS) {
        registry.samplesCallback(
            "intentusnet_certificate_remaining_ratio",
            "What the first certificate of a file to end has left of its time, 1 to 0; negative once it has ended.",
            .gauge
        ) {
            let now = Double(Timestamp.unixNanoseconds()) / 1e9
            return tls.sets.flatMap { set in
                set.expiries.map { expiry in
                    let end = Double(expiry.notAfterUnixSeconds)
                    let life = max(1, end - Double(expiry.notBeforeUnixSeconds))
                    return MetricSample(
                        [MetricLabel("use", set.use), MetricLabel("file", expiry.file)],
                        ((end - now) / life * 10_000).rounded() / 10_000)
                }
            }
        }
    }
}

extension HealthState.Status {
    fileprivate var figure: Double {
        switch self {
        case .healthy: 0
        case .degraded: 1
        case .unhealthy: 2
        }
    }
}
