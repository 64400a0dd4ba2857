/// One label of a sample.
package struct MetricLabel: Sendable, Hashable {
    package let name: String
    package let value: String

    /// - Parameter name: a constant of the program; `[a-zA-Z_][a-zA-Z0-9_]*`.
    package init(_ name: String, _ value: String) {
        precondition(MetricName.isValid(name), "not a label name: \(name)")
        self.name = name
        self.value = value
    }
}

/// What Prometheus accepts as names; colons are left out, they belong to recording rules.
enum MetricName {
    /// A counter's name ends in `_total`, which OpenMetrics wants.
    static func isValid(_ name: String, _ kind: ExpositionText.Kind) -> Bool {
        isValid(name) && (kind == .counter) == name.hasSuffix("_total")
    }

    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
