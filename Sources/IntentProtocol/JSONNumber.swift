/// A JSON number with the text it came as, so that `1`, `1.0` and integers beyond 64 bits survive a round trip.
public struct JSONNumber: Sendable, Hashable {
    /// The number as it stands in JSON.
    public let text: String

    /// Makes an integer.
    public init(_ int: Int) {
        text = String(int)
    }

    /// Makes a number from a finite double; nil for infinities and NaN, which JSON does not have.
    public init?(_ double: Double) {
        guard double.isFinite else { return nil }
        text = PythonFloat.text(of: double)
    }

    /// Takes a text that was scanned as a JSON number.
    init(scanned text: String) {
        self.text = text
    }

    /// The number as an integer; nil when it has a fraction or an exponent, or does not fit.
    public var int: Int64? {
        Int64(text)
    }

    /// The nearest double; always finite, for numbers that overflow are refused when parsed.
    public var double: Double {
        PythonFloat.value(of: text)
    }

    /// Whether the text has neither a fraction nor an exponent.
    public var isInteger: Bool {
        text.utf8.allSatisfy { $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
    }
}

extension JSONNumber: ExpressibleByIntegerLiteral {
    /// Makes an integer.
    public init(integerLiteral value: Int) {
        self.init(value)
    }
}
