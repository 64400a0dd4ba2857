import Foundation

/// A bound that a run is held against: `p99>50ms`, `errors>0.1%`, `p99.9(Pay)>=1s`. The run fails where it is true.
package struct Threshold: Sendable, Hashable {
    /// What is looked at.
    package enum Metric: Sendable, Hashable {
        case percentile(Double)
        case mean
        case max
        /// Parts of all requests that were due, in percent.
        case errors, limited, refused, failed, lost, missed
        /// Answers a second.
        case rate
    }

    package enum Comparison: String, Sendable, Hashable, CaseIterable {
        // The longer ones first, so that they are found first.
        case atLeast = ">="
        case atMost = "<="
        case above = ">"
        case below = "<"
    }

    /// As it was written.
    package let text: String
    package let metric: Metric
    /// The entry, intent, target, caller or outcome that is looked at; nil looks at all.
    package let scope: String?
    package let comparison: Comparison
    /// Microseconds, percent, or answers a second.
    package let bound: Double

    static let form = """
        write METRIC>VALUE or METRIC<VALUE, such as p99>50ms, p99.9(NAME)>1s, max>2s, errors>0.1%, limited>5%, rate<1000; \
        metrics: pNN, mean, max, errors, limited, refused, failed, lost, missed, rate
        """

    package init(_ text: String) throws(LoadFault) {
        self.text = text
        guard let found = Self.split(text) else {
            throw LoadFault("threshold '\(text)' has no comparison: \(Self.form)")
        }
        comparison = found.comparison
        var name = found.left
        if name.hasSuffix(")"), let open = name.firstIndex(of: "(") {
            scope = String(name[name.index(after: open)...].dropLast())
            name = name[..<open]
        } else {
            scope = nil
        }
        guard let metric = Metric(name) else {
            throw LoadFault("threshold '\(text)': no metric '\(name)': \(Self.form)")
        }
        guard let bound = metric.bound(found.right) else {
            throw LoadFault("threshold '\(text)': '\(found.right)' is not \(metric.unit): \(Self.form)")
        }
        guard scope?.isEmpty != true, scope == nil || (metric != .rate && metric != .missed) else {
            throw LoadFault(
                "threshold '\(text)': \(name) is of the whole run and takes no name: leave the parentheses out")
        }
        self.metric = metric
        self.bound = bound
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace }
        return start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)]
    }

    private static func split(
        _ text: String
    ) -> (left: Substring, comparison: Comparison, right: Substring)? {
        for comparison in Comparison.allCases {
            guard let range = text.range(of: comparison.rawValue) else { continue }
            return (trimmed(text[..<range.lowerBound]), comparison, trimmed(text[range.upperBound...]))
        }
        return nil
    }
}

extension Threshold.Metric {
    init?(_ name: Substring) {
        switch name {
        case "mean": self = .mean
        case "max": self = .max
        case "errors": self = .errors
        case "limited": self = .limited
        case "refused": self = .refused
        case "failed": self = .failed
        case "lost": self = .lost
        case "missed": self = .missed
        case "rate": self = .rate
        default:
            guard name.hasPrefix("p"), let percentile = Double(name.dropFirst()),
                LatencySummary.percentiles.contains(percentile)
            else { return nil }
            self = .percentile(percentile)
        }
    }

    var unit: String {
        switch self {
        case .percentile, .mean, .max: "a time such as 50ms or 1.5s"
        case .errors, .limited, .refused, .failed, .lost, .missed: "a percentage such as 0.1%"
        case .rate: "a number of answers a second"
        }
    }

    func bound(_ text: Substring) -> Double? {
        switch self {
        case .percentile, .mean, .max:
            return DurationText.nanoseconds(text).map { Double($0) / 1_000 }
        case .errors, .limited, .refused, .failed, .lost, .missed:
            guard text.hasSuffix("%"), let value = Double(text.dropLast()), (0...100).contains(value) else {
                return nil
            }
            return value
        case .rate: return Double(text).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }
    }
}
