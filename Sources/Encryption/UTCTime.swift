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
        let days = daysSinceEpoch(year, month, day)
        // A day that the month does not have counts as one of the next, and is written otherwise.
        let milliseconds = (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000
        return Self.text(milliseconds) == text ? milliseconds : nil
    }

    /// The text of a time from 0000 to 9999; fractions of a second are dropped.
    package static func text(_ milliseconds: Int64) -> String {
        let seconds = floor(milliseconds, 1_000)
        let days = floor(seconds, 86_400)
        let ofDay = seconds - days * 86_400
        // Years begin on the first of March, so that the leap day is the last of its year; eras have 400 of them.
        let shifted = days + 719_468
        let era = floor(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * march + 2) / 5 + 1
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(ofDay / 3_600, 2)):"
            + "\(padded(ofDay / 60 % 60, 2)):\(padded(ofDay % 60, 2))Z"
    }

    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floor(year, 400)
        let ofEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }

    private static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
