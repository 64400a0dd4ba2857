/// What a run has come to, as text for a terminal.
package enum LoadSummary {
    private static let shown: [Double] = [50, 90, 99, 99.9, 99.99]

    /// One second of a run.
    package static func line(_ interval: LoadRun.Interval) -> String {
        let point = LoadResult.Point(interval)
        let tally = interval.tally.tally
        let answered =
            Double(tally[.ok] + tally[.limited] + tally[.refused] + tally[.failed]) / max(interval.seconds, 1e-9)
        return
            "\(point.isWarmUp ? "warm-up " : "")\(fixed(interval.endSeconds, 0)) s  due \(fixed(point.offeredPerSecond, 0))/s"
            + "  answered \(fixed(answered, 0))/s  in flight \(point.inFlight)"
            + "  p50 \(Milliseconds.text(point.p50Microseconds))  p99 \(Milliseconds.text(point.p99Microseconds))"
            + "  p99.9 \(Milliseconds.text(point.p999Microseconds))"
            + "  errors \(percent(tally.errors, tally.ended))  limited \(percent(tally[.limited], tally.ended))"
    }

    /// One trial of a search.
    package static func line(_ trial: CapacityTrial) -> String {
        let verdict = trial.isPassed ? "passed" : "failed: \(trial.reasons.joined(separator: "; "))"
        return "trial at \(fixed(trial.ratePerSecond, 1))/s: answered \(fixed(trial.answeredPerSecond, 1))/s, "
            + "p50 \(Milliseconds.text(trial.p50Microseconds)), p99 \(Milliseconds.text(trial.p99Microseconds)): \(verdict)"
    }

    /// A whole run.
    package static func text(_ result: LoadResult) -> String {
        let total = result.total
        var lines = [
            "\(fixed(result.scheduledSeconds, 1)) s\(result.isInterrupted ? " (interrupted)" : ""): \(total.offered) requests due, "
                + "\(fixed(result.offeredPerSecond, 1)) a second; \(total.answered) answered, "
                + "\(fixed(result.answeredPerSecond, 1)) a second",
            "latency      \(latency(total.latency))",
        ]
        for outcome in result.outcomes {
            lines.append(
                "\(padded(outcome.name, 12)) \(outcome.count) (\(percent(outcome.count, total.offered)))"
                    + (outcome.latency.count > 0 ? "  \(latency(outcome.latency, [50, 99]))" : ""))
        }
        for (title, groups) in [("intent", result.intents), ("target", result.targets), ("caller", result.callers)]
        where groups.count > 1 {
            for group in groups {
                lines.append(
                    "\(title) \(group.name)  \(group.offered) due, \(group.errors) errors, \(group.limited) limited  "
                        + latency(group.latency, [50, 99, 99.9]))
            }
        }
        lines += result.warnings.map { "warning: \($0)" }
        lines += result.trials.map(line)
        if !result.trials.isEmpty {
            lines.append(
                result.capacityPerSecond.map { "capacity: \(fixed($0, 0)) requests a second" }
                    ?? "capacity: no rate was found that meets the objective")
        }
        lines += result.thresholds.map { "\($0.isPassed ? "passed" : "FAILED") \($0.threshold): \($0.finding)" }
        return lines.joined(separator: "\n")
    }

    private static func latency(_ summary: LatencySummary, _ percentiles: [Double] = shown) -> String {
        let parts = percentiles.map { "p\(LatencySummary.name($0)) \(Milliseconds.text(summary[$0]))" }
        return (parts + ["max \(Milliseconds.text(summary.maxMicroseconds))"]).joined(separator: "  ")
    }

    static func percent(_ part: Int, _ whole: Int) -> String {
        "\(fixed(whole > 0 ? Double(part) * 100 / Double(whole) : 0, 2)) %"
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String { Milliseconds.fixed(value, digits) }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}
