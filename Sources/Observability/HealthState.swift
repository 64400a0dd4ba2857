import Synchronization

/// What is known of the node's health; set by its parts, read by the admin plane.
package final class HealthState: Sendable {
    /// How a part is.
    package enum Status: String, Sendable, Comparable, CaseIterable {
        case healthy, degraded, unhealthy

        package static func < (left: Status, right: Status) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .healthy: 0
            case .degraded: 1
            case .unhealthy: 2
            }
        }
    }

    /// Where the node is in its life.
    package enum Phase: String, Sendable {
        case starting, serving, draining
    }

    /// One named part and how it is.
    package struct Check: Sendable, Equatable {
        package let name: String
        package let status: Status
        package let message: String
    }

    /// All of it at one moment.
    package struct Report: Sendable {
        package let phase: Phase
        /// Sorted by name.
        package let checks: [Check]

        /// The worst of the checks; healthy when there is none.
        package var status: Status { checks.map(\.status).max() ?? .healthy }
        /// Whether new requests should come here: serving, and no part is unhealthy.
        package var isReady: Bool { phase == .serving && status != .unhealthy }
        /// Why the node is not ready, nil when it is.
        package var notReadyReason: String? {
            switch phase {
            case .starting, .draining: phase.rawValue
            case .serving: status == .unhealthy ? status.rawValue : nil
            }
        }
    }

    private struct State {
        var phase = Phase.starting
        var isDrained = false
        var checks: [String: (status: Status, message: String)] = [:]
        var probes: [String: @Sendable () -> (status: Status, message: String)] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether an operator has taken the node out of service; it is not ready until that ends.
    package var isDrained: Bool { state.withLock { $0.isDrained } }

    /// Takes the node out of service while its process goes on, or back into it.
    package func drain(_ isDrained: Bool) {
        state.withLock { $0.isDrained = isDrained }
    }

    /// Moves the node on; ``Phase/draining`` is final.
    package func enter(_ phase: Phase) {
        state.withLock { state in
            guard state.phase != .draining else { return }
            state.phase = phase
        }
    }

    /// Says how a part is; the message is for operators and holds no secret.
    package func set(_ name: String, _ status: Status, _ message: String = "") {
        state.withLock { $0.checks[name] = (status, message) }
    }

    /// Asks a part whenever the health is read; the closure must not block.
    package func probe(_ name: String, _ read: @escaping @Sendable () -> (status: Status, message: String)) {
        state.withLock { $0.probes[name] = read }
    }

    package func report() -> Report {
        let (phase, known, probes) = state.withLock { state in
            (state.isDrained && state.phase == .serving ? .draining : state.phase, state.checks, state.probes)
        }
        // Probes run outside the lock: one that sets a check of its own must not wait for itself.
        let all = known.merging(probes.mapValues { $0() }) { _, probed in probed }
        let checks = all.map { Check(name: $0.key, status: $0.value.status, message: $0.value.message) }
        return Report(phase: phase, checks: checks.sorted { $0.name < $1.name })
    }
}
