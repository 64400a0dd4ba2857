import Synchronization

/// A counter with one label whose values are few; for places off the warm path (refusals, reloads, fetches).
package final class LabelledCounter: MetricSource {
    private let name: String
    private let help: String
    private let label: String
    private let valuesMax: Int
    private let counts: Mutex<[String: UInt64]>

    /// - Parameters:
    ///   - values: those that are told from the start, with 0.
    ///   - valuesMax: how many values are told apart; further ones are counted under `other`.
    package init(_ name: String, _ help: String, label: String, values: [String] = [], valuesMax: Int = 100) {
        self.name = name
        self.help = help
        self.label = label
        self.valuesMax = valuesMax
        counts = Mutex(Dictionary(values.map { ($0, 0) }, uniquingKeysWith: { first, _ in first }))
    }

    package func increment(_ value: String, by amount: UInt64 = 1) {
        counts.withLock { counts in
            let isKnown = counts[value] != nil || counts.count < valuesMax
            counts[isKnown ? value : "other", default: 0] += amount
        }
    }

    package var metricNames: [String] { [name] }

    package func write(to text: inout ExpositionText) {
        let counts = counts.withLock { $0 }
        text.beginFamily(name, help, .counter)
        for (value, count) in counts.sorted(by: { $0.key < $1.key }) {
            text.sample([MetricLabel(label, value)], Double(count))
        }
    }
}
