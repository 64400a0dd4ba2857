import Logging
import Observability
import RateLimiting
import RedisState
import Synchronization

/// What a flood of keys does to Redis, and Redis' memory to limits (pitfall S22).
extension SharedState {
    /// How Redis does with its memory, as far as it tells.
    var healthOfMemory: (status: HealthState.Status, message: String) {
        memory.current.alarm.map { (.degraded, $0.description) } ?? (.healthy, "")
    }

    /// Whether this node makes every bucket that it is asked for.
    var healthOfNewKeys: (status: HealthState.Status, message: String) {
        book.isWithholdingKeys ? (.degraded, Self.withholding) : (.healthy, "")
    }

    /// Logs the begin and the end of a flood of new buckets; about once a second.
    func noteNewKeys() {
        let isWithholding = book.isWithholdingKeys
        let wasWithholding = isToldOfKeys.exchange(isWithholding, ordering: .acquiringAndReleasing)
        guard isWithholding != wasWithholding else { return }
        guard isWithholding else { return logger.notice("every limit has its bucket in Redis again") }
        logger.error(
            "limits and their buckets", metadata: ["reason": "\(Self.withholding)", "allowed": "\(newKeysPerMinute)"])
    }

    private static let withholding =
        "more new buckets than store.redis.newKeysPerMinute: this node counts the others alone; see which limit's key callers can vary"

    func watchMemory(_ health: HealthState, _ registry: MetricsRegistry) {
        health.probe("redis memory") { self.healthOfMemory }
        health.probe("limit keys") { self.healthOfNewKeys }
        registry.counterCallback("intentusnet_limit_keys_made_total", "Buckets that this node made in Redis.") {
            Double(self.book.gauges().keysMade)
        }
        registry.counterCallback(
            "intentusnet_limit_keys_withheld_total",
            "Demands counted by this node alone, because their bucket was one new one too many."
        ) {
            Double(self.book.gauges().keysWithheld)
        }
        registry.counterCallback(
            "intentusnet_redis_evicted_keys_total",
            "Keys that Redis evicted since this node looks; each may be a full bucket."
        ) { Double(self.memory.current.evictedKeys) }
        registry.gaugeCallback(
            "intentusnet_redis_memory_alarm",
            "1 while Redis evicts, may evict, or is nearly full; -1 while it does not tell."
        ) {
            let memory = self.memory.current
            return memory.alarm != nil ? 1 : memory.isKnown ? 0 : -1
        }
        registry.gaugeCallback("intentusnet_redis_used_memory_bytes", "Bytes in use, of the server that is fullest.") {
            Double(self.memory.current.usedBytes)
        }
        registry.gaugeCallback("intentusnet_redis_memory_max_bytes", "Bound of that server, 0 for none.") {
            Double(self.memory.current.maxBytes)
        }
    }
}
