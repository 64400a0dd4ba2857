/// When an instance that fails is left alone, and for how long.
package struct EjectionRules: Sendable, Hashable {
    /// Transport failures in a row that eject it.
    package var consecutiveFailures = 5
    /// The first ejection; each that follows is twice as long.
    package var ejectionNanosecondsMin: Int64 = 3_000_000_000
    /// The longest ejection.
    package var ejectionNanosecondsMax: Int64 = 60_000_000_000
    /// How long it must stay well after its return for ejections to start short again.
    package var steadyNanoseconds: Int64 = 60_000_000_000
    /// How long a trial call may stay unanswered before another is let through.
    package var probeNanosecondsMax: Int64 = 30_000_000_000

    /// The defaults above.
    package init() {}

    /// The length of the n-th ejection in a row, counted from 0.
    func ejectionNanoseconds(round: Int) -> Int64 {
        min(ejectionNanosecondsMax, ejectionNanosecondsMin << Int64(min(max(round, 0), 20)))
    }
}
