/// Looks for the highest rate that passes: doubles the rate until one fails, then halves what lies between the highest that
/// passed and the lowest that failed.
///
/// A rate that fails is tried once more before it counts, for one bad moment of a machine is no limit of a gateway.
package struct CapacitySearch: Sendable {
    /// What to do next.
    package enum Step: Sendable, Hashable {
        case attempt(rate: Double)
        case found(rate: Double)
        /// Even the lowest rate fails.
        case none
    }

    /// Below it nothing is tried.
    package static let rateMin = 1.0
    /// The last rate that passed and the first that failed are no further apart, in parts of the former.
    package static let precision = 0.05
    /// Trials of one search.
    package static let trialsMax = 60

    private let rateMax: Double
    private var passed: Double?
    private var failed: Double?
    private var current: Double
    private var hasFailedOnce = false
    private var trials = 0

    /// - Parameters:
    ///   - startRate: what is tried first.
    ///   - rateMax: what is never exceeded.
    package init(startRate: Double, rateMax: Double) {
        self.rateMax = max(rateMax, Self.rateMin)
        current = min(max(startRate, Self.rateMin), self.rateMax)
    }

    /// The first trial.
    package var first: Step { .attempt(rate: current) }

    /// What comes after the trial of the rate that was given last.
    package mutating func next(isPassed: Bool) -> Step {
        trials += 1
        guard trials < Self.trialsMax else { return passed.map { .found(rate: $0) } ?? .none }
        if !isPassed, !hasFailedOnce {
            hasFailedOnce = true
            return .attempt(rate: current)
        }
        hasFailedOnce = false
        if isPassed { passed = max(passed ?? 0, current) } else { failed = min(failed ?? .infinity, current) }
        switch (passed, failed) {
        case (let low?, let high?):
            guard high - low > Self.precision * low else { return .found(rate: low) }
            current = (low + high) / 2
        case (let low?, nil):
            guard low < rateMax else { return .found(rate: low) }
            current = min(low * 2, rateMax)
        case (nil, let high?):
            guard high > Self.rateMin else { return .none }
            current = max(high / 2, Self.rateMin)
        case (nil, nil): return .none
        }
        return .attempt(rate: current)
    }
}
