/// What a threshold says of a run.
package struct ThresholdVerdict: Codable, Sendable, Hashable {
    package var threshold: String
    /// What was measured: microseconds, percent, or answers a second.
    package var measured: Double
    package var isPassed: Bool
    /// `p99: 61.2 ms`.
    package var finding: String
}

extension Threshold {
    /// Holds a run against it.
    ///
    /// Where nothing was offered, nothing was measured, and nothing passes: a run that sent nothing must not look good.
    ///
    /// - Throws: when its name is none of the run.
    package func verdict(_ result: LoadResult) throws(LoadFault) -> ThresholdVerdict {
        let group = try group(result)
        guard group.offered > 0 else {
            return ThresholdVerdict(
                threshold: text, measured: 0, isPassed: false, finding: "nothing was measured: no request was due")
        }
        let measured = measured(group, result)
        let isTrue =
            switch comparison {
            case .above: measured > bound
            case .atLeast: measured >= bound
            case .below: measured < bound
            case .atMost: measured <= bound
            }
        // A percentile of no answers is not 0 but unknown.
        let isUnknown = isLatency && group.latency.count == 0
        return ThresholdVerdict(
            threshold: text, measured: measured, isPassed: !isTrue && !isUnknown,
            finding: isUnknown ? "nothing was answered" : finding(measured))
    }

    /// Whether its name is one of the plan's, or no name at all; outcomes are known when they come.
    package func check(_ plan: LoadPlan) throws(LoadFault) {
        guard let scope else { return }
        let names =
            plan.entries.map(\.name) + plan.entries.map(\.intent) + plan.targets.map(\.name) + plan.callers.map(\.name)
        guard names.contains(scope) || Self.isOutcome(scope) else {
            throw LoadFault(
                "threshold '\(text)': '\(scope)' is no entry, intent, target, caller or outcome; known: "
                    + "\(names.joined(separator: ", ")), and outcomes such as ok, 200, 429 or timeout")
        }
    }

    private static func isOutcome(_ name: String) -> Bool {
        let own: [Outcome] = [.timedOut, .connectionLost, .notConnected, .unreadable, .unopened, .missed]
        let status = Int(name.prefix { $0 != " " }) ?? 0
        return OutcomeClass(rawValue: name) != nil || own.contains { $0.name == name } || (100...599).contains(status)
    }

    private var isLatency: Bool {
        switch metric {
        case .percentile, .mean, .max: true
        case .errors, .limited, .refused, .failed, .lost, .missed, .rate: false
        }
    }

    private func group(_ result: LoadResult) throws(LoadFault) -> LoadResult.Group {
        guard let scope else { return result.total }
        let groups = result.entries + result.intents + result.targets + result.callers
        if let found = groups.first(where: { $0.name == scope }) { return found }
        guard Self.isOutcome(scope) else { throw LoadFault("threshold '\(text)': the run has no '\(scope)'") }
        let outcomes = result.outcomes.filter { $0.name == scope || $0.outcomeClass.rawValue == scope }
        var group = result.total
        group.latency.count = 0
        // Several outcomes of one class: the one that most requests had stands for it.
        if let first = outcomes.max(by: { $0.count < $1.count }) { group.latency = first.latency }
        return group
    }

    private func measured(_ group: LoadResult.Group, _ result: LoadResult) -> Double {
        func percent(_ count: Int) -> Double { Double(count) * 100 / Double(group.offered) }
        switch metric {
        case .percentile(let percentile): return Double(group.latency[percentile])
        case .mean: return group.latency.meanMicroseconds
        case .max: return Double(group.latency.maxMicroseconds)
        case .errors: return percent(group.errors)
        case .limited: return percent(group.limited)
        case .refused: return percent(group.refused)
        case .failed: return percent(group.failed)
        case .lost: return percent(group.lost)
        case .missed: return percent(result.outcomes.first { $0.name == Outcome.missed.name }?.count ?? 0)
        case .rate: return result.answeredPerSecond
        }
    }

    private func finding(_ measured: Double) -> String {
        let name = text.prefix { !"<>".contains($0) }
        switch metric {
        case .percentile, .mean, .max: return "\(name): \(Milliseconds.text(Int(measured)))"
        case .errors, .limited, .refused, .failed, .lost, .missed:
            return "\(name): \(Milliseconds.fixed(measured, 3)) %"
        case .rate: return "\(name): \(Milliseconds.fixed(measured, 1)) a second"
        }
    }
}
