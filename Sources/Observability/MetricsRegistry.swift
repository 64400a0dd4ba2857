import Synchronization

/// Everything that `/metrics` tells, in the order in which it was registered.
///
/// Names, labels and help texts are constants of the program: a name that Prometheus would not accept, or one that is
/// registered twice with another meaning, stops the program at its start.
package final class MetricsRegistry: Sendable {
    private struct Series: Sendable {
        let labels: [MetricLabel]
        let read: @Sendable () -> Double
        /// The `Counter` or `Gauge` behind the reading, handed out again when it is asked for a second time.
        let instrument: (any Sendable)?
    }

    private struct Family: Sendable {
        let name: String
        let help: String
        let kind: ExpositionText.Kind
        var series: [Series]
    }

    private enum Entry: Sendable {
        case family(Family)
        case source(any MetricSource)
    }

    private struct State {
        var entries: [Entry] = []
        var indexes: [String: Int] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// The counter of this name and these labels; the same one whenever it is asked for.
    package func counter(_ name: String, _ help: String, labels: [MetricLabel] = []) -> Counter {
        let fresh = Counter()
        let series = Series(labels: labels, read: { Double(fresh.value) }, instrument: fresh)
        return add(series, name, help, .counter, replacing: false) as? Counter ?? fresh
    }

    /// The gauge of this name and these labels; the same one whenever it is asked for.
    package func gauge(_ name: String, _ help: String, labels: [MetricLabel] = []) -> Gauge {
        let fresh = Gauge()
        let series = Series(labels: labels, read: { fresh.value }, instrument: fresh)
        return add(series, name, help, .gauge, replacing: false) as? Gauge ?? fresh
    }

    /// A gauge that is read at the scrape; registered again, the newer reading replaces the older one.
    package func gaugeCallback(
        _ name: String, _ help: String, labels: [MetricLabel] = [], _ read: @escaping @Sendable () -> Double
    ) {
        _ = add(Series(labels: labels, read: read, instrument: nil), name, help, .gauge, replacing: true)
    }

    /// A counter that something else keeps and that is read at the scrape.
    package func counterCallback(
        _ name: String, _ help: String, labels: [MetricLabel] = [], _ read: @escaping @Sendable () -> Double
    ) {
        _ = add(Series(labels: labels, read: read, instrument: nil), name, help, .counter, replacing: true)
    }

    /// A family whose samples and labels are read at the scrape, such as one gauge for each upstream pool.
    package func samplesCallback(
        _ name: String, _ help: String, _ kind: ExpositionText.Kind, _ read: @escaping @Sendable () -> [MetricSample]
    ) {
        register(MetricReader(name: name, help: help, kind: kind, read: read))
    }

    /// Adds something that writes families of its own.
    package func register(_ source: any MetricSource) {
        state.withLock { state in
            for name in source.metricNames {
                precondition(MetricName.isValid(name), "not a metric name: \(name)")
                precondition(state.indexes[name] == nil, "registered twice: \(name)")
                state.indexes[name] = state.entries.count
            }
            state.entries.append(.source(source))
        }
    }

    /// The whole text of a scrape.
    package func exposition(_ format: ExpositionFormat = .prometheus) -> [UInt8] {
        let entries = state.withLock(\.entries)
        var text = ExpositionText(format)
        for entry in entries {
            switch entry {
            case .source(let source): source.write(to: &text)
            case .family(let family):
                text.beginFamily(family.name, family.help, family.kind)
                for series in family.series { text.sample(series.labels, series.read()) }
            }
        }
        text.end()
        return text.bytes
    }

    private func add(
        _ series: Series, _ name: String, _ help: String, _ kind: ExpositionText.Kind, replacing: Bool
    ) -> (any Sendable)? {
        precondition(MetricName.isValid(name, kind), "not a metric name: \(name)")
        return state.withLock { state in
            guard let index = state.indexes[name] else {
                state.indexes[name] = state.entries.count
                state.entries.append(.family(Family(name: name, help: help, kind: kind, series: [series])))
                return series.instrument
            }
            guard case .family(var family) = state.entries[index], family.kind == kind else {
                preconditionFailure("registered twice with another meaning: \(name)")
            }
            if let place = family.series.firstIndex(where: { $0.labels == series.labels }) {
                guard replacing else { return family.series[place].instrument }
                family.series[place] = series
            } else {
                family.series.append(series)
            }
            state.entries[index] = .family(family)
            return series.instrument
        }
    }
}
