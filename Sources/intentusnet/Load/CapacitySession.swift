import LoadGenerator

/// Trials at one rate after the other, until the highest is known that breaks no threshold.
struct CapacitySession {
    private let ready: LoadPreparation
    private let isQuiet: Bool
    private let progress: LoadProgress
    private let trialSeconds: Double
    private let rateMax: Double

    init(_ ready: LoadPreparation, isQuiet: Bool, trialSeconds: Double, rateMax: Double) {
        self.ready = ready
        self.isQuiet = isQuiet
        self.trialSeconds = trialSeconds
        self.rateMax = rateMax
        progress = LoadProgress(isQuiet: isQuiet)
    }

    /// - Returns: the result of the highest rate that passed, or of the last trial, with all trials.
    func run() async throws -> LoadResult {
        let start = ready.profile?.segments.first?.startRate ?? 1
        var search = CapacitySearch(startRate: start, rateMax: rateMax)
        var step = search.first
        var trials: [CapacityTrial] = []
        var best: LoadResult?
        while true {
            guard case .attempt(let rate) = step else { break }
            var result = try await attempt(rate)
            let trial = CapacityTrial(ratePerSecond: rate, result)
            trials.append(trial)
            progress.say(LoadSummary.line(trial))
            if best?.capacityPerSecond == nil || trial.isPassed {
                result.capacityPerSecond = trial.isPassed ? rate : nil
                if (result.capacityPerSecond ?? 0) >= (best?.capacityPerSecond ?? 0) { best = result }
            }
            guard !result.isInterrupted else {
                best?.isInterrupted = true
                break
            }
            step = search.next(isPassed: trial.isPassed)
        }
        guard var best else { throw LoadFault("no trial was made") }
        best.trials = trials
        return best
    }

    private func attempt(_ rate: Double) async throws -> LoadResult {
        var trial = ready
        let profile = RateProfile([RateSegment(from: rate, seconds: ready.warmUpSeconds + trialSeconds)])
        trial.profile = profile
        trial.plan.schedule = ArrivalSchedule(profile, ready.spacing, seed: ready.plan.seed)
        return try await LoadSession(trial, isQuiet: isQuiet).run()
    }
}

/// What a search for capacity asks for where nothing else is said.
enum CapacityObjective {
    /// Refusals by limits are quick, and no capacity.
    static let usual = ["p99>50ms", "errors>0.1%", "limited>0.1%"]
    static let warmUpSeconds = 2.0
}
