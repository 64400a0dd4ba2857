/// Times as people write them: `250us`, `50ms`, `1.5s`, `2m`, `1h`.
package enum DurationText {
    private static let units: [(name: String, nanoseconds: Double)] = [
        ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9),
    ]

    /// Nil for what is no time, or longer than a year.
    package static func nanoseconds(_ text: some StringProtocol) -> Int64? {
        for (name, factor) in units where text.hasSuffix(name) {
            let digits = text.dropLast(name.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
                let value = Double(digits), value * factor < 3.2e16
            else { continue }
            return Int64(value * factor)
        }
        return nil
    }
}
