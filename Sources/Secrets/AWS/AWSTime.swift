import IntentProtocol

/// The time as AWS writes it, from and to Unix seconds, without a calendar of the system.
enum AWSTime {
    /// `20150830T123600Z`.
    static func basic(_ unixSeconds: Int64) -> String {
        let (date, second) = CivilDate.split(unixSeconds: unixSeconds)
        return "\(padded(date.year, 4))\(padded(date.month, 2))\(padded(date.day, 2))T"
            + "\(padded(second / 3_600, 2))\(padded(second / 60 % 60, 2))\(padded(second % 60, 2))Z"
    }

    /// Reads `2026-11-28T01:22:13Z`, with or without fractions of a second; nil for anything else.
    static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] == 0x54,
            bytes[13] == 0x3a, bytes[16] == 0x3a, bytes.last == 0x5a,
            bytes.count == 20
                || (bytes[19] == 0x2e && bytes[20..<bytes.count - 1].allSatisfy { (0x30...0x39).contains($0) })
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month),
            (1...31).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return CivilDate.daysSinceEpoch(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60
            + second
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
