import Encryption
import Observability
import RedisState

extension NodeMetrics {
    /// What is told of the keys of envelopes: by their ids, which stand in clear in every message.
    static func registerSeals(_ registry: MetricsRegistry, _ seals: NodeSeals, _ generation: SharedGeneration?) {
        let samples: (@escaping @Sendable (RingKey, Int64) -> Double?) -> @Sendable () -> [MetricSample] = { value in
            {
                let now = Timestamp.unixNanoseconds() / 1_000_000
                return seals.holder.current.keys.compactMap { key in
                    value(key, now).map { MetricSample([MetricLabel("key", key.id)], $0) }
                }
            }
        }
        registry.samplesCallback(
            "intentusnet_emcl_key_age_seconds", "Seconds since the key became active; negative before.", .gauge,
            samples { key, now in
                key.activeFromMilliseconds > 0 ? Double((now - key.activeFromMilliseconds) / 1_000) : nil
            })
        registry.samplesCallback(
            "intentusnet_emcl_key_expiry_seconds", "Seconds until the key opens nothing any more; negative after.",
            .gauge,
            samples { key, now in key.opensUntilMilliseconds.map { Double(($0 - now) / 1_000) } })
        registry.samplesCallback(
            "intentusnet_emcl_sealed_messages_total", "Messages that this node sealed with the key.", .counter,
            samples { key, _ in Double(key.sealedMessages) })
        registry.gaugeCallback(
            "intentusnet_emcl_keys_waiting", "Keys that do not seal until every node holds them."
        ) {
            Double(seals.holder.current.heldBack.count)
        }
        registry.counterCallback(
            "intentusnet_emcl_key_ring_refused_total",
            "Key rings that could not be used; the former one stayed in force."
        ) {
            Double(seals.refusedCount)
        }
        guard let generation else { return }
        registry.gaugeCallback(
            "intentusnet_emcl_key_ring_generation", "Counts the rotations that all nodes of the cluster were told of."
        ) {
            Double(generation.current ?? 0)
        }
    }
}
