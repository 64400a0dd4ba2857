import Synchronization

/// What is known of an instance while the process runs, shared by all event loops and kept across directory snapshots.
///
/// A healthy instance costs two atomic additions a call; the lock is taken only while there is something to watch.
package final class InstanceState: Sendable {
    private let calls = Atomic<Int>(0)
    private let expiresAt: Atomic<Int64>
    private let renewedAt = Atomic<Int64>(.min)
    private let isWatched = Atomic<Bool>(false)
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

    /// How it stands, for listings and metrics.
    package var standing: InstanceHealth.Standing { health.withLock { $0.standing } }

    /// Whether it is still registered.
    package func isLive(nowNanoseconds: Int64) -> Bool {
        nowNanoseconds < expiresAt.load(ordering: .relaxed)
    }

    /// Whether it is not ejected, or may be tried again.
    package func isEligible(nowNanoseconds: Int64) -> Bool {
        guard isWatched.load(ordering: .relaxed) else { return true }
        return health.withLock { $0.isEligible(nowNanoseconds: nowNanoseconds) }
    }

    /// Whether it may be chosen: registered, and not ejected.
    package func isUsable(nowNanoseconds: Int64) -> Bool {
        isLive(nowNanoseconds: nowNanoseconds) && isEligible(nowNanoseconds: nowNanoseconds)
    }

    /// A call begins; the lease ends it.
    package func begin(nowNanoseconds: Int64) -> InstanceLease {
        calls.wrappingAdd(1, ordering: .relaxed)
        guard isWatched.load(ordering: .relaxed) else { return InstanceLease(state: self, isProbe: false) }
        let isProbe = health.withLock { $0.begin(nowNanoseconds: nowNanoseconds) }
        return InstanceLease(state: self, isProbe: isProbe)
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
