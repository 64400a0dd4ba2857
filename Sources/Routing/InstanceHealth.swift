/// The health of one instance as a state machine: healthy, ejected, or back on trial.
///
/// Only transport failures count, never an agent's own error answers. After an ejection one call is let through as a
/// trial: it ends the ejection or begins a longer one.
package struct InstanceHealth: Sendable, Hashable {
    /// How an instance stands.
    package enum Standing: Sendable, Hashable {
        /// In use, with so many failures since the last success.
        case healthy(failures: Int)
        /// Left alone until then; from then on it may be tried.
        case ejected(untilNanoseconds: Int64)
        /// One trial call is out since then.
        case probing(sinceNanoseconds: Int64)
    }

    /// How it stands.
    package private(set) var standing: Standing = .healthy(failures: 0)
    private var round = 0
    private var readmittedAtNanoseconds: Int64?
    private let rules: EjectionRules

    /// A healthy instance.
    package init(rules: EjectionRules = EjectionRules()) {
        self.rules = rules
    }

    /// Whether there is nothing to watch.
    package var isPristine: Bool { standing == .healthy(failures: 0) }

    /// Whether it may be chosen now.
    package func isEligible(nowNanoseconds now: Int64) -> Bool {
        switch standing {
        case .healthy: true
        case .ejected(let until): now >= until
        case .probing(let since): now - since >= rules.probeNanosecondsMax
        }
    }

    /// A call begins.
    ///
    /// - Returns: whether it is the trial call.
    package mutating func begin(nowNanoseconds now: Int64) -> Bool {
        guard !isHealthy, isEligible(nowNanoseconds: now) else { return false }
        standing = .probing(sinceNanoseconds: now)
        return true
    }

    /// A call brought an answer of the instance, whatever the answer says.
    package mutating func succeeded(wasProbe: Bool, nowNanoseconds now: Int64) {
        switch standing {
        case .healthy: standing = .healthy(failures: 0)
        // A call that began before the ejection says nothing about the instance now.
        case .ejected: return
        case .probing:
            guard wasProbe else { return }
            standing = .healthy(failures: 0)
            readmittedAtNanoseconds = now
        }
    }

    /// A call failed on the way: no connection, no answer, or one that is not HTTP.
    package mutating func failed(wasProbe: Bool, nowNanoseconds now: Int64) {
        switch standing {
        case .healthy(let failures):
            standing = .healthy(failures: failures + 1)
            guard failures + 1 >= rules.consecutiveFailures else { return }
            if let readmitted = readmittedAtNanoseconds, now - readmitted < rules.steadyNanoseconds {
                round += 1
            } else {
                round = 0
            }
            eject(nowNanoseconds: now)
        case .ejected: return
        case .probing:
            guard wasProbe else { return }
            round += 1
            eject(nowNanoseconds: now)
        }
    }

    /// The call was given up by our side; it says nothing about the instance.
    package mutating func abandoned(wasProbe: Bool) {
        guard wasProbe, case .probing(let since) = standing else { return }
        standing = .ejected(untilNanoseconds: since)
    }

    private var isHealthy: Bool {
        switch standing {
        case .healthy: true
        case .ejected, .probing: false
        }
    }

    private mutating func eject(nowNanoseconds now: Int64) {
        standing = .ejected(untilNanoseconds: now + rules.ejectionNanoseconds(round: round))
    }
}
