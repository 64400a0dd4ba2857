/// Metrics as Prometheus reads them: text format 0.0.4.
package struct ExpositionText: Sendable {
    /// The media type of the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What a family of samples means.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package private(set) var bytes: [UInt8] = []
    private var family = ""

    package init() {
        bytes.reserveCapacity(16 << 10)
    }

    /// Writes HELP and TYPE; the samples that follow belong to this family.
    package mutating func beginFamily(_ name: String, _ help: String, _ kind: Kind) {
        family = name
        append("# HELP ")
        append(name)
        append(" ")
        Self.append(escaping: help, quotes: false, to: &bytes)
        append("\n# TYPE ")
        append(name)
        append(" ")
        append(kind.rawValue)
        append("\n")
    }

    /// Writes one sample of the family.
    package mutating func sample(_ labels: [MetricLabel], _ value: Double) {
        sample("", Self.text(labels), Self.text(value))
    }

    /// Writes the cumulative buckets, the sum and the count of one histogram.
    ///
    /// - Parameters:
    ///   - bounds: the upper bounds of the buckets, rising.
    ///   - counts: how many observations fell into each bucket alone, and into the one above all bounds.
    package mutating func histogram(
        _ labels: [MetricLabel], bounds: [Double], counts: ArraySlice<UInt64>, sum: Double
    ) {
        let labels = Self.text(labels)
        let bucketLabels = labels.isEmpty ? labels : labels + [UInt8(ascii: ",")]
        var cumulative: UInt64 = 0
        for (index, count) in counts.enumerated() {
            cumulative += count
            let bound = index < bounds.count ? Self.text(bounds[index]) : "+Inf"
            sample("_bucket", bucketLabels + Array("le=\"\(bound)\"".utf8), String(cumulative))
        }
        sample("_sum", labels, Self.text(sum))
        sample("_count", labels, String(cumulative))
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
        append("\n")
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
