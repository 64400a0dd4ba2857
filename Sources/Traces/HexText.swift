/// Numbers of 64 bits as the 16 lower-case hex digits of W3C Trace Context.
enum HexText {
    /// nil for anything but lower-case hex digits; at most 16 of them.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            guard let value = value(digit) else { return nil }
            number = number << 4 | UInt64(value)
        }
        return number
    }

    static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { digits in
            write(number, to: digits, at: 0)
            bytes.append(contentsOf: digits)
        }
    }

    /// Writes the 16 digits at a place that has room for them.
    @inline(__always)
    static func write(_ number: UInt64, to digits: UnsafeMutableBufferPointer<UInt8>, at place: Int) {
        var rest = number
        var index = place + 16
        while index > place {
            index -= 1
            digits[index] = digit(UInt8(truncatingIfNeeded: rest) & 0xF)
            rest >>= 4
        }
    }

    /// Upper case is not what the specification writes, and no implementation does.
    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
