import Foundation

/// The plots of a report.
enum HTMLPlots {
    /// Points of a line; more are put together, so that no peak is lost.
    private static let pointsMax = 600

    /// How much longer the slowest take: the axis stretches what lies near 100 %.
    static func byPercentile(_ result: LoadResult) -> String {
        let points = result.distribution
        let count = Double(max(result.total.latency.count, 10))
        let ticks = [50, 90, 99, 99.9, 99.99, 99.999].filter { (100 - $0) * count >= 100 || $0 == 50 }
            .map { (value: 100 / (100 - $0), label: "\(LatencySummary.name($0)) %") }
        let x = PlotAxis(
            title: "of requests take at most so long", scale: .logarithmic, range: 1...count,
            ticks: [(value: 1, label: "0 %")] + ticks)
        let all = points.map { Double($0.microseconds) }
        let series = SVGPlot.Series(
            name: "all requests", color: 0,
            points: points.map {
                (x: $0.percentile < 100 ? min(100 / (100 - $0.percentile), count) : count, y: Double($0.microseconds))
            },
            notes: points.map { "\(Milliseconds.fixed($0.percentile, 4)) %: \(Milliseconds.text($0.microseconds))" })
        return SVGPlot(
            description: "Latency by percentile", x: x, y: latencyAxis(all), series: [series]
        ).html
    }

    static func latencyOverTime(_ result: LoadResult) -> String {
        let timeline = thinned(result.timeline)
        let kinds: [(name: String, value: (LoadResult.Point) -> Int)] = [
            ("p50", \.p50Microseconds), ("p99", \.p99Microseconds), ("p99.9", \.p999Microseconds),
            ("max", \.maxMicroseconds),
        ]
        let answered = timeline.filter { $0.maxMicroseconds > 0 }
        let all = kinds.flatMap { kind in answered.map { Double(kind.value($0)) } }
        let series = kinds.enumerated().map { place, kind in
            SVGPlot.Series(
                name: kind.name, color: place,
                points: answered.map { (x: $0.endSeconds, y: Double(kind.value($0))) },
                notes: answered.map { "\(second($0)): \(kind.name) \(Milliseconds.text(kind.value($0)))" })
        }
        return SVGPlot(
            description: "Latency over time", x: timeAxis(timeline), y: latencyAxis(all), series: series
        ).html
    }

    static func ratesOverTime(_ result: LoadResult) -> String {
        overTime(
            result, "Requests a second over time",
            [
                ("due", \.offeredPerSecond), ("ok", \.okPerSecond), ("limited", \.limitedPerSecond),
                ("errors", \.errorsPerSecond),
            ])
    }

    static func inFlightOverTime(_ result: LoadResult) -> String {
        overTime(result, "Requests in flight over time", [("in flight", { Double($0.inFlight) })])
    }

    private static func overTime(
        _ result: LoadResult, _ description: String, _ kinds: [(name: String, value: (LoadResult.Point) -> Double)]
    ) -> String {
        let timeline = thinned(result.timeline)
        let series = kinds.enumerated().map { place, kind in
            SVGPlot.Series(
                name: kind.name, color: place, points: timeline.map { (x: $0.endSeconds, y: kind.value($0)) },
                notes: timeline.map { "\(second($0)): \(kind.name) \(Milliseconds.fixed(kind.value($0), 0))" })
        }
        let greatest = kinds.flatMap { kind in timeline.map(kind.value) }.max() ?? 1
        let y = PlotAxis.linear("", upTo: greatest) { Milliseconds.fixed($0, $0 < 10 && $0 != $0.rounded() ? 1 : 0) }
        return SVGPlot(description: description, x: timeAxis(timeline), y: y, series: series).html
    }

    private static func second(_ point: LoadResult.Point) -> String {
        "\(Milliseconds.fixed(point.endSeconds, 0)) s\(point.isWarmUp ? " (warm-up)" : "")"
    }

    private static func timeAxis(_ timeline: [LoadResult.Point]) -> PlotAxis {
        PlotAxis.linear("seconds", upTo: timeline.last?.endSeconds ?? 1) {
            Milliseconds.fixed($0, $0 == $0.rounded() ? 0 : 1)
        }
    }

    private static func latencyAxis(_ microseconds: [Double]) -> PlotAxis {
        PlotAxis.logarithmic("", microseconds.min() ?? 1, microseconds.max() ?? 10) { value in
            value >= 1e6 ? "\(Int(value / 1e6)) s" : value >= 1e3 ? "\(Int(value / 1e3)) ms" : "\(Int(value)) µs"
        }
    }

    private static func thinned(_ timeline: [LoadResult.Point]) -> [LoadResult.Point] {
        guard timeline.count > pointsMax else { return timeline }
        let size = (timeline.count + pointsMax - 1) / pointsMax
        return stride(from: 0, to: timeline.count, by: size).map { start in
            timeline[start..<min(start + size, timeline.count)].reduce(timeline[start]) { $0.merged($1) }
        }
    }
}

extension LoadResult.Point {
    /// The worse of two, at the time of the later.
    fileprivate func merged(_ other: Self) -> Self {
        var merged = other
        merged.isWarmUp = isWarmUp && other.isWarmUp
        merged.errorsPerSecond = max(errorsPerSecond, other.errorsPerSecond)
        merged.limitedPerSecond = max(limitedPerSecond, other.limitedPerSecond)
        merged.inFlight = max(inFlight, other.inFlight)
        merged.p50Microseconds = max(p50Microseconds, other.p50Microseconds)
        merged.p99Microseconds = max(p99Microseconds, other.p99Microseconds)
        merged.p999Microseconds = max(p999Microseconds, other.p999Microseconds)
        merged.maxMicroseconds = max(maxMicroseconds, other.maxMicroseconds)
        return merged
    }
}
