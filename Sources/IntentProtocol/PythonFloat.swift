/// Doubles written as Python's `repr` writes them, for lengths and hashes that must agree with the Python package.
enum PythonFloat {
    /// `1e22` gives `1e+22`, `1e15` gives `1000000000000000.0`, `-0.0` stays `-0.0`. The value is finite.
    static func text(of value: Double) -> String {
        let digits = ShortestDigits(value.magnitude)
        let sign = value.sign == .minus ? "-" : ""
        let point = digits.pointPosition
        // Python's 'r' format: positional from 1e-4 up to, not including, 1e16.
        guard point > -4, point <= 16 else {
            let fraction = digits.text.dropFirst()
            let exponent = point - 1
            let shown = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
            return
                "\(sign)\(digits.text.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)e\(exponent < 0 ? "-" : "+")\(shown)"
        }
        if point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits.text)" }
        guard digits.text.utf8.count > point else {
            return "\(sign)\(digits.text)\(String(repeating: "0", count: point - digits.text.utf8.count)).0"
        }
        return "\(sign)\(digits.text.prefix(point)).\(digits.text.dropFirst(point))"
    }

    /// The nearest double to a scanned number.
    static func value(of text: String) -> Double {
        Double(text) ?? 0
    }

    /// The fewest digits that name a double, and where its point stands: 0.0012 has digits `12` and position -2.
    private struct ShortestDigits {
        var text = ""
        var pointPosition = 0

        init(_ magnitude: Double) {
            guard magnitude != 0 else {
                (text, pointPosition) = ("0", 1)
                return
            }
            let parts = "\(magnitude)".split(separator: "e")
            let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
            let all = mantissa.joined()
            let leadingZeroes = all.prefix { $0 == "0" }.count
            let significant = all.dropFirst(leadingZeroes)
            let trailingZeroes = significant.reversed().prefix { $0 == "0" }.count
            text = String(significant.dropLast(trailingZeroes))
            let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            pointPosition = mantissa[0].count - leadingZeroes + exponent
        }
    }
}
