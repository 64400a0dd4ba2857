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
            "Looks at the source that brought no key ring which can be used; the former one stayed in force."
        ) {
            Double(seals.refusedCount)
        }
        registry.samplesCallback(
            "intentusnet_emcl_sealing_key_age_seconds",
            "Seconds since the oldest key that seals became active, by profile; none where that is not known.", .gauge
        ) {
            let now = Timestamp.unixNanoseconds() / 1_000_000
            let ring = seals.holder.current
            return EMCLProfile.allCases.compactMap { profile in
                let begun = KeyUse.allCases.compactMap { ring.activeKey(profile, for: $0, atUnixMilliseconds: now) }
                    .map(\.activeFromMilliseconds).filter { $0 > 0 }.min()
                return begun.map {
                    MetricSample([MetricLabel("profile", profile.rawValue)], Double((now - $0) / 1_000))
                }
            }
        }
        registry.gaugeCallback(
            "intentusnet_emcl_rotation_due",
            "1 while a key that seals is nearly used up, or ends within a day without a successor; 0 while none is."
        ) {
            seals.holder.current.findings(atUnixMilliseconds: Timestamp.unixNanoseconds() / 1_000_000).isEmpty ? 0 : 1
        }
        guard let generation else { return }
        registry.gaugeCallback(
            "intentusnet_emcl_key_ring_generation", "Counts the rotations that all nodes of the cluster were told of."
        ) {
            Double(generation.current ?? 0)
        }
    }
}
