import IntentProtocol
import Machine

/// Points in time as this room reads and writes them: nanoseconds since the Unix epoch, text as RFC 3339 in UTC.
package enum Timestamp {
    /// The length of `2026-03-14T15:09:26`.
    static let secondTextBytes = 19

    /// The wall clock, in nanoseconds since the Unix epoch.
    package static func unixNanoseconds() -> Int64 { MachineClock.unixNanoseconds() }

    /// A clock that never goes back, in nanoseconds.
    package static func monotonicNanoseconds() -> Int64 { MachineClock.monotonicNanoseconds() }

    /// `2026-03-14T15:09:26.535897Z`.
    package static func text(unixNanoseconds: Int64) -> String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var cursor = LineCursor(base)
            let second = Self.second(of: unixNanoseconds)
            cursor.append(secondText: second)
            cursor.append(microsecondsOf: unixNanoseconds, inSecond: second)
            return cursor.position - base
        }
    }

    /// The second that a time lies in, rounded down also before 1970.
    static func second(of unixNanoseconds: Int64) -> Int64 {
        let quotient = unixNanoseconds / 1_000_000_000
        return unixNanoseconds % 1_000_000_000 < 0 ? quotient - 1 : quotient
    }
}

extension LineCursor {
    /// Appends `2026-03-14T15:09:26` for seconds since the Unix epoch (years 0 to 9999).
    mutating func append(secondText second: Int64) {
        let (date, secondOfDay) = CivilDate.split(unixSeconds: second)
        append(paddedDecimal: date.year, digits: 4)
        append(byte: UInt8(ascii: "-"))
        append(paddedDecimal: date.month, digits: 2)
        append(byte: UInt8(ascii: "-"))
        append(paddedDecimal: date.day, digits: 2)
        append(byte: UInt8(ascii: "T"))
        append(paddedDecimal: secondOfDay / 3600, digits: 2)
        append(byte: UInt8(ascii: ":"))
        append(paddedDecimal: secondOfDay / 60 % 60, digits: 2)
        append(byte: UInt8(ascii: ":"))
        append(paddedDecimal: secondOfDay % 60, digits: 2)
    }

    /// Appends `.535897Z`.
    mutating func append(microsecondsOf unixNanoseconds: Int64, inSecond second: Int64) {
        append(byte: UInt8(ascii: "."))
        append(paddedDecimal: (unixNanoseconds - second * 1_000_000_000) / 1000, digits: 6)
        append(byte: UInt8(ascii: "Z"))
    }
}
