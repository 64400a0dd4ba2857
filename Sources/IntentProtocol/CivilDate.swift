/// A day of the proleptic Gregorian calendar, in UTC, without a calendar of the system.
///
/// Days are counted in eras of 400 years that begin on 1 March, so that the leap day is the last day of its year; after Howard
/// Hinnant's description.
package struct CivilDate: Sendable, Hashable {
    package let year: Int64
    /// From 1.
    package let month: Int64
    /// From 1.
    package let day: Int64

    /// The day of a count of days since 1 January 1970, negative before.
    package init(daysSinceEpoch days: Int64) {
        let shifted = days + 719_468
        let era = Self.floor(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * march + 2) / 5 + 1
        month = march < 10 ? march + 3 : march - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1 January 1970.
    ///
    /// - Parameters:
    ///   - month: 1 to 12.
    ///   - day: from 1; one that the month does not have counts as one of the next.
    package static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floor(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The day and the second in it of a count of seconds since the Unix epoch, negative before.
    package static func split(unixSeconds: Int64) -> (date: CivilDate, secondOfDay: Int64) {
        let days = floor(unixSeconds, 86_400)
        return (CivilDate(daysSinceEpoch: days), unixSeconds - days * 86_400)
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }
}
