import LoadGenerator

/// A scenario with everything that it names read and made: ready to run.
struct LoadPreparation: Sendable {
    var plan: LoadPlan
    /// Nil in a replay, which has its own times.
    var profile: RateProfile?
    var spacing: ArrivalSchedule.Spacing
    var warmUpSeconds: Double
    var thresholds: [Threshold]
}
