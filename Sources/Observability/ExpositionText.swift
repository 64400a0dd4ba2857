/// Metrics as Prometheus reads them.
package struct ExpositionText: Sendable {

    /// What a family of samples means.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package private(set) var bytes: [UInt8] = []
    private let format: ExpositionFormat
    private var family = ""

    package init(_ format: ExpositionFormat = .prometheus) {
        self.format = format
        bytes.reserveCapacity(64 << 10)
    }

    /// Writes what stands behind the last family.
    mutating func end() {
        if format == .openMetrics { append("# EOF\n") }
    }

    /// Writes HELP and TYPE; the samples that follow belong to this family.
    package mutating func beginFamily(_ name: String, _ help: String, _ kind: Kind) {
        family = name
        // OpenMetrics names a counter's family without the suffix that its sample has.
        let title = format == .openMetrics && kind == .counter ? String(name.dropLast("_total".count)) : name
        append("# HELP ")
        append(title)
        append(" ")
        Self.append(escaping: help, quotes: format == .openMetrics, to: &bytes)
        append("\n# TYPE ")
        append(title)
        append(" ")
        append(kind.rawValue)
        append("\n")
    }

    /// Writes one sample of the family.
    package mutating func sample(_ labels: [MetricLabel], _ value: Double) {
        sample("", Self.text(labels), Self.text(value))
        append("\n")
    }

    /// Writes the cumulative buckets, the sum and the count of one histogram.
    ///
    /// - Parameters:
    ///   - bounds: the upper bounds of the buckets, rising.
    ///   - counts: how many observations fell into each bucket alone, and into the one above all bounds.
    ///   - exemplars: one place for each bucket, or none at all; only OpenMetrics tells them.
    package mutating func histogram(
        _ labels: [MetricLabel], bounds: [Double], counts: ArraySlice<UInt64>, sum: Double, exemplars: [Exemplar?] = []
    ) {
        let labels = Self.text(labels)
        let bucketLabels = labels.isEmpty ? labels : labels + [UInt8(ascii: ",")]
        var cumulative: UInt64 = 0
        for (index, count) in counts.enumerated() {
            cumulative += count
            sample("_bucket", bucketLabels + Array("le=\"\(bound(index, bounds))\"".utf8), String(cumulative))
            if format == .openMetrics, let exemplar = exemplars.isEmpty ? nil : exemplars[index] {
                append(" # {trace_id=\"\(exemplar.traceId)\"} \(Self.text(exemplar.value)) \(exemplar.unixSecondsText)")
            }
            append("\n")
        }
        sample("_sum", labels, Self.text(sum))
        append("\n")
        sample("_count", labels, String(cumulative))
        append("\n")
    }

    /// OpenMetrics writes every bound as a number with a point.
    private func bound(_ index: Int, _ bounds: [Double]) -> String {
        guard index < bounds.count else { return "+Inf" }
        return format == .openMetrics ? bounds[index].description : Self.text(bounds[index])
    }

    private mutating func sample(_ suffix: String, _ labels: [UInt8], _ value: String) {
        append(family)
        append(suffix)
        if !labels.isEmpty {
            append("{")
            bytes.append(contentsOf: labels)
            append("}")
        }
        append(" ")
        append(value)
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// `intent="SummarizeIntent",agent="summarizer"`.
    private static func text(_ labels: [MetricLabel]) -> [UInt8] {
        var text: [UInt8] = []
        for label in labels {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: label.name.utf8)
            text.append(contentsOf: "=\"".utf8)
            append(escaping: label.value, quotes: true, to: &text)
            text.append(UInt8(ascii: "\""))
        }
        return text
    }

    /// A line feed in a value would forge a sample, a quote would forge labels.
    private static func append(escaping text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: bytes.append(contentsOf: "\\\"".utf8)
            default: bytes.append(byte)
            }
        }
    }

    /// The shortest text that reads back as the value; whole numbers without a point.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }
}
