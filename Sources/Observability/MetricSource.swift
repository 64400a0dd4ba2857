/// Something that writes whole metric families when it is asked.
package protocol MetricSource: Sendable {
    /// The families that it writes; no other source of a registry may write them.
    var metricNames: [String] { get }
    /// Writes each family once. Called on a scrape, never on an event loop of the data plane.
    func write(to text: inout ExpositionText)
}

/// A family whose samples are read at the scrape; their labels may change from one scrape to the next.
struct MetricReader: MetricSource {
    /// More would be a label that somebody outside can set.
    static let samplesMax = 2000

    let name: String
    let help: String
    let kind: ExpositionText.Kind
    let read: @Sendable () -> [MetricSample]

    init(
        name: String, help: String, kind: ExpositionText.Kind, read: @escaping @Sendable () -> [MetricSample]
    ) {
        precondition(MetricName.isValid(name, kind), "not a metric name: \(name)")
        self.name = name
        self.help = help
        self.kind = kind
        self.read = read
    }

    var metricNames: [String] { [name] }

    func write(to text: inout ExpositionText) {
        text.beginFamily(name, help, kind)
        for sample in read().prefix(Self.samplesMax) { text.sample(sample.labels, sample.value) }
    }
}

/// One value with its labels.
package struct MetricSample: Sendable {
    package let labels: [MetricLabel]
    package let value: Double

    package init(_ labels: [MetricLabel] = [], _ value: Double) {
        self.labels = labels
        self.value = value
    }
}
