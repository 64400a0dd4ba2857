import Foundation

extension LoadResult {
    /// What a run has come to.
    ///
    /// - Parameter tool: name and version of who measured.
    package init(_ record: LoadRun.Record, _ plan: LoadPlan, tool: String) {
        let tally = record.tally
        let total = tally.total
        self.tool = tool
        startedAt = Date(timeIntervalSince1970: Double(record.startedUnixMilliseconds) / 1_000)
            .formatted(.iso8601)
        isInterrupted = record.isInterrupted
        seed = plan.seed
        scheduledSeconds = Self.rounded(record.scheduledSeconds)
        seconds = Self.rounded(record.seconds)
        warmUpRequests = tally.warmUpRequests
        sentBytes = tally.sentBytes
        receivedBytes = tally.receivedBytes
        self.total = Group("all", total)
        offeredPerSecond = Self.rounded(Double(total.offered) / record.scheduledSeconds)
        answeredPerSecond = Self.rounded(Double(self.total.answered) / record.seconds)
        outcomes = tally.outcomes
            .map { outcome, tally in
                OutcomeGroup(
                    name: outcome.name, outcomeClass: outcome.outcomeClass, count: tally.ended,
                    latency: LatencySummary(tally.latency))
            }
            .sorted { $0.count > $1.count }
        intents = Self.byIntent(tally.entries, plan)
        entries = zip(plan.entries, tally.entries).map { Group($0.name, $1) }
        targets = zip(plan.targets, tally.targets).map { Group($0.name, $1) }
        callers = zip(plan.callers, tally.callers).map { Group($0.name, $1) }
        generatorLateness = LatencySummary(tally.lateness)
        waitForConnection = LatencySummary(tally.waiting)
        distribution = Self.distribution(total.latency)
        timeline = record.intervals.map(Point.init)
        warnings = warnings(plan)
    }

    private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }

    private static func byIntent(_ entries: [Tally], _ plan: LoadPlan) -> [Group] {
        var names: [String] = []
        var sums: [String: Tally] = [:]
        for (entry, tally) in zip(plan.entries, entries) {
            let name = entry.intent
            if sums[name] == nil { names.append(name) }
            sums[name, default: Tally()].add(tally)
        }
        return names.compactMap { name in sums[name].map { Group(name, $0) } }
    }

    /// Percentiles that come closer and closer to 100: five each time that what is left halves.
    private static func distribution(_ latency: LatencyHistogram) -> [DistributionPoint] {
        guard latency.count > 0 else { return [] }
        var points: [DistributionPoint] = []
        var step = 0
        while true {
            let left = pow(0.5, Double(step) / 5)
            guard left * Double(latency.count) >= 1 else { break }
            let percentile = 100 * (1 - left)
            points.append(
                DistributionPoint(
                    percentile: (percentile * 1e6).rounded() / 1e6,
                    microseconds: latency.microseconds(atPercentile: percentile)))
            step += 1
        }
        points.append(DistributionPoint(percentile: 100, microseconds: latency.maxMicroseconds))
        return points
    }

    private func warnings(_ plan: LoadPlan) -> [String] {
        var warnings: [String] = []
        let missed = outcomes.first { $0.name == Outcome.missed.name }?.count ?? 0
        if missed > 0 {
            warnings.append(
                "\(missed) requests were missed: \(plan.inFlightMax) were under way (inFlightMax), and what was due beyond them was not sent"
            )
        }
        if generatorLateness[99] > max(1_000, total.latency[50] / 2) {
            warnings.append(
                "the generator itself was late, by \(Milliseconds.text(generatorLateness[99])) at the 99th percentile: give it more "
                    + "threads or a machine of its own, for latencies hold that too")
        }
        if waitForConnection[99] > generatorLateness[99] + max(1_000, total.latency[50]) {
            warnings.append(
                "requests waited for a free connection, \(Milliseconds.text(waitForConnection[99])) at the 99th percentile: more "
                    + "connections tell whether the target or their number is the limit")
        }
        return warnings
    }
}

extension LoadResult.Point {
    init(_ interval: LoadRun.Interval) {
        let tally = interval.tally.tally
        func rate(_ count: Int) -> Double { (Double(count) / max(interval.seconds, 1e-9) * 10).rounded() / 10 }
        endSeconds = (interval.endSeconds * 1_000).rounded() / 1_000
        isWarmUp = interval.isWarmUp
        offeredPerSecond = rate(tally.offered)
        okPerSecond = rate(tally[.ok])
        limitedPerSecond = rate(tally[.limited])
        errorsPerSecond = rate(tally.errors)
        inFlight = interval.tally.inFlight
        p50Microseconds = tally.latency.microseconds(atPercentile: 50)
        p99Microseconds = tally.latency.microseconds(atPercentile: 99)
        p999Microseconds = tally.latency.microseconds(atPercentile: 99.9)
        maxMicroseconds = tally.latency.maxMicroseconds
    }
}

/// Microseconds for people.
package enum Milliseconds {
    /// `0.41 ms`, `12.3 ms`, `2.50 s`.
    package static func text(_ microseconds: Int) -> String {
        let milliseconds = Double(microseconds) / 1_000
        if milliseconds < 10 { return "\(fixed(milliseconds, 2)) ms" }
        if milliseconds < 1_000 { return "\(fixed(milliseconds, 1)) ms" }
        return "\(fixed(milliseconds / 1_000, 2)) s"
    }

    static func fixed(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
