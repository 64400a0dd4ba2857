/// The tables of a report.
enum HTMLTables {
    private static let percentiles: [Double] = [50, 90, 99, 99.9, 99.99]
    private static var latencyTitles: [String] { percentiles.map { "p\(LatencySummary.name($0))" } + ["max"] }

    static func all(_ result: LoadResult) -> String {
        var parts = [thresholds(result), trials(result), outcomes(result)]
        for (title, groups) in [
            ("By intent", result.intents), ("By entry of the mix", result.entries), ("By target", result.targets),
            ("By caller", result.callers),
        ] where !groups.isEmpty {
            parts.append(section(title, self.groups(groups)))
        }
        parts.append(generator(result))
        return parts.joined(separator: "\n")
    }

    private static func section(_ title: String, _ content: String) -> String {
        "<section><h2>\(title)</h2>\(content)</section>"
    }

    private static func thresholds(_ result: LoadResult) -> String {
        guard !result.thresholds.isEmpty else { return "" }
        let rows = result.thresholds.map { [$0.threshold, $0.finding, $0.isPassed ? "passed" : "failed"] }
        return section("Thresholds", HTMLText.table(["fails if", "measured", "verdict"], rows))
    }

    private static func trials(_ result: LoadResult) -> String {
        guard !result.trials.isEmpty else { return "" }
        let rows = result.trials.map { trial in
            [
                "\(Milliseconds.fixed(trial.ratePerSecond, 1))/s",
                "\(Milliseconds.fixed(trial.answeredPerSecond, 1))/s",
                Milliseconds.text(trial.p50Microseconds), Milliseconds.text(trial.p99Microseconds),
                trial.isPassed ? "passed" : trial.reasons.joined(separator: "; "),
            ]
        }
        return section("Trials", HTMLText.table(["due", "answered", "p50", "p99", "verdict"], rows))
    }

    private static func outcomes(_ result: LoadResult) -> String {
        let rows = result.outcomes.map { outcome in
            [
                outcome.name, outcome.outcomeClass.rawValue, "\(outcome.count)",
                LoadSummary.percent(outcome.count, result.total.offered),
            ]
                + latency(outcome.latency)
        }
        return section("Outcomes", HTMLText.table(["outcome", "class", "requests", "part"] + latencyTitles, rows))
    }

    private static func groups(_ groups: [LoadResult.Group]) -> String {
        let rows = groups.map { group in
            [group.name, "\(group.offered)", "\(group.ok)", "\(group.limited)", "\(group.errors)"]
                + latency(group.latency)
        }
        return HTMLText.table(["name", "due", "ok", "limited", "errors"] + latencyTitles, rows)
    }

    private static func generator(_ result: LoadResult) -> String {
        let rows = [
            ["later than due by"] + latency(result.generatorLateness),
            ["waited for a connection"] + latency(result.waitForConnection),
        ]
        return section("The generator itself", HTMLText.table([""] + latencyTitles, rows))
    }

    private static func latency(_ summary: LatencySummary) -> [String] {
        guard summary.count > 0 else { return Array(repeating: "–", count: latencyTitles.count) }
        return percentiles.map { Milliseconds.text(summary[$0]) } + [Milliseconds.text(summary.maxMicroseconds)]
    }
}
