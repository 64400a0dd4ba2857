/// A file of the times at which requests came once, to be sent again at the same distances.
///
/// One time a line, in seconds, with up to nine digits behind the point: `1764302400.125`. Times may begin anywhere and must not
/// fall; what stands behind a time and a space, comma or tab is not read, nor are empty lines and those that begin with #.
package enum ReplayFile {
    /// Requests of one file.
    package static let requestsMax = 10_000_000

    /// What is wrong with a file.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let line: Int
        package let problem: String

        package var description: String { "line \(line): \(problem)" }
    }

    /// Nanoseconds from the first time to each.
    ///
    /// - Parameter speed: 2 sends twice as fast.
    package static func read(_ text: some StringProtocol, speed: Double = 1) throws(Fault) -> [Int64] {
        var times: [Int64] = []
        var first: Int64?
        var last: Int64 = .min
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let line = line.drop { $0 == " " || $0 == "\t" }
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let word = line.prefix { $0 != " " && $0 != "\t" && $0 != "," }
            guard let time = nanoseconds(word) else {
                throw Fault(
                    line: number, problem: "'\(word.prefix(40))' is no time: write seconds, such as 1764302400.125")
            }
            guard time >= last else {
                throw Fault(line: number, problem: "'\(word)' is before the line above: sort the file by its times")
            }
            guard times.count < requestsMax else {
                throw Fault(line: number, problem: "there are more than \(requestsMax) requests: split the file")
            }
            last = time
            let start = first ?? time
            first = start
            times.append(Int64(Double(time - start) / speed))
        }
        guard !times.isEmpty else { throw Fault(line: 1, problem: "there is no time: write one a line, in seconds") }
        return times
    }

    /// Exact, unlike a Double, which has no room for the nanoseconds of a date.
    private static func nanoseconds(_ word: some StringProtocol) -> Int64? {
        let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...10).contains(whole.utf8.count), whole.utf8.allSatisfy(isDigit),
            let seconds = Int64(whole)
        else { return nil }
        guard parts.count == 2 else { return seconds * 1_000_000_000 }
        let digits = parts[1].utf8
        guard (1...9).contains(digits.count), digits.allSatisfy(isDigit), var part = Int64(parts[1]) else { return nil }
        for _ in digits.count..<9 { part *= 10 }
        return seconds * 1_000_000_000 + part
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
