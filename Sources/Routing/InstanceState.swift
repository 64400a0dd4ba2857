import Synchronization

/// What is known of an instance while the process runs, shared by all event loops and kept across directory snapshots.
///
/// A healthy instance costs two atomic additions a call; the lock is taken only while there is something to watch.
package final class InstanceState: Sendable {
    private let calls = Atomic<Int>(0)
    private let expiresAt: Atomic<Int64>
    private let renewedAt = Atomic<Int64>(.min)
    private let isWatched = Atomic<Bool>(false)
    private let drained = Atomic<Bool>(false)
    private let latency = Atomic<Int64>(0)
    private let health: Mutex<InstanceHealth>

    /// The state of a new instance.
    ///
    /// - Parameter expiresAtNanoseconds: monotonic; nil for never.
    package init(expiresAtNanoseconds: Int64? = nil, rules: EjectionRules = EjectionRules()) {
        expiresAt = Atomic(expiresAtNanoseconds ?? .max)
        health = Mutex(InstanceHealth(rules: rules))
    }

    /// Calls under way.
    package var inFlight: Int { calls.load(ordering: .relaxed) }

    /// When it leaves unless renewed; nil for never.
    package var expiresAtNanoseconds: Int64? {
        let value = expiresAt.load(ordering: .relaxed)
        return value == .max ? nil : value
    }

    /// When it last registered or renewed with this node; nil for one that never did.
    package var renewedAtNanoseconds: Int64? {
        let value = renewedAt.load(ordering: .relaxed)
        return value == .min ? nil : value
    }

    /// How long its answers take, a mean in which each new one weighs an eighth, in nanoseconds; nil before the first one.
    package var latencyNanoseconds: Int64? {
        let value = latency.load(ordering: .relaxed)
        return value == 0 ? nil : value
    }

    /// Event loops that note at the same moment may lose one of two: it is a figure for people.
    func noteLatency(_ nanoseconds: Int64) {
        let former = latency.load(ordering: .relaxed)
        latency.store(max(1, former == 0 ? nanoseconds : former + (nanoseconds - former) / 8), ordering: .relaxed)
    }

    /// How it stands, for listings and metrics.
    package var standing: InstanceHealth.Standing { health.withLock { $0.standing } }

    /// Whether it is still registered.
    package func isLive(nowNanoseconds: Int64) -> Bool {
        nowNanoseconds < expiresAt.load(ordering: .relaxed)
    }

    /// Whether an operator lets it have no new calls.
    package var isDrained: Bool { drained.load(ordering: .relaxed) }

    func drain(_ isDrained: Bool) {
        drained.store(isDrained, ordering: .relaxed)
    }

    /// Whether it may have calls at all, in need even while ejected: registered, and not drained.
    package func isOpen(nowNanoseconds: Int64) -> Bool {
        isLive(nowNanoseconds: nowNanoseconds) && !isDrained
    }

    /// Whether it is not ejected, or may be tried again.
    package func isEligible(nowNanoseconds: Int64) -> Bool {
        guard isWatched.load(ordering: .relaxed) else { return true }
        return health.withLock { $0.isEligible(nowNanoseconds: nowNanoseconds) }
    }

    /// Whether it may be chosen: registered, not drained, and not ejected.
    package func isUsable(nowNanoseconds: Int64) -> Bool {
        isOpen(nowNanoseconds: nowNanoseconds) && isEligible(nowNanoseconds: nowNanoseconds)
    }

    /// A call begins; the lease ends it.
    package func begin(nowNanoseconds: Int64) -> InstanceLease {
        calls.wrappingAdd(1, ordering: .relaxed)
        guard isWatched.load(ordering: .relaxed) else {
            return InstanceLease(state: self, isProbe: false, beganNanoseconds: nowNanoseconds)
        }
        let isProbe = health.withLock { $0.begin(nowNanoseconds: nowNanoseconds) }
        return InstanceLease(state: self, isProbe: isProbe, beganNanoseconds: nowNanoseconds)
    }

    func noteRenewal(nowNanoseconds: Int64) {
        renewedAt.store(nowNanoseconds, ordering: .relaxed)
    }

    func renew(expiresAtNanoseconds: Int64) {
        expiresAt.store(expiresAtNanoseconds, ordering: .relaxed)
    }

    func succeeded(wasProbe: Bool, nowNanoseconds: Int64) {
        calls.wrappingSubtract(1, ordering: .relaxed)
        guard isWatched.load(ordering: .relaxed) else { return }
        watch { $0.succeeded(wasProbe: wasProbe, nowNanoseconds: nowNanoseconds) }
    }

    func failed(wasProbe: Bool, nowNanoseconds: Int64) {
        calls.wrappingSubtract(1, ordering: .relaxed)
        watch { $0.failed(wasProbe: wasProbe, nowNanoseconds: nowNanoseconds) }
    }

    func abandoned(wasProbe: Bool) {
        calls.wrappingSubtract(1, ordering: .relaxed)
        guard wasProbe else { return }
        watch { $0.abandoned(wasProbe: true) }
    }

    private func watch(_ event: (inout InstanceHealth) -> Void) {
        health.withLock { health in
            event(&health)
            isWatched.store(!health.isPristine, ordering: .relaxed)
        }
    }
}
