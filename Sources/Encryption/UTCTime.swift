import IntentProtocol

/// Points in time as a key ring writes them: `2026-11-28T00:00:00Z`, to the second, in UTC alone.
package enum UTCTime {
    /// Milliseconds since the Unix epoch; nil for anything else, such as an offset, a fraction or the 30th of February.
    package static func milliseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let shape = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
        guard bytes.count == shape.count else { return nil }
        for (byte, wanted) in zip(bytes, shape) {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            guard wanted == UInt8(ascii: "d") ? isDigit : byte == wanted else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard hour < 24, minute < 60, second < 60, (1...12).contains(month), day >= 1 else { return nil }
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        // A day that the month does not have counts as one of the next, and is written otherwise.
        let milliseconds = (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000
        return Self.text(milliseconds) == text ? milliseconds : nil
    }

    /// The text of a time from 0000 to 9999; fractions of a second are dropped.
    package static func text(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1_000 - (milliseconds % 1_000 < 0 ? 1 : 0)
        let (date, second) = CivilDate.split(unixSeconds: seconds)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(padded(second / 3_600, 2)):"
            + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    private static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
