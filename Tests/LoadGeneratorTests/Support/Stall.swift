import Foundation

/// A server that answers nobody in a part of each period, and then all at once; and what that means by arithmetic alone.
struct Stall: Sendable, CustomStringConvertible {
    static let isSoak = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1"
    /// A tenth of the time; stalls begin and end between two requests, and so few wait that they are answered at once.
    static let tested =
        isSoak
        ? Stall(periodMilliseconds: 10_000, stallMilliseconds: 999, answerMilliseconds: 100, rate: 200, periods: 3)
        : Stall(periodMilliseconds: 2_000, stallMilliseconds: 197.5, answerMilliseconds: 50, rate: 200, periods: 3)
    /// The same with answers that take no time, and few of them: a process that was stopped answers one after the other.
    static let stopped: Stall = {
        var stall = tested
        (stall.answerMilliseconds, stall.rate, stall.periods) = (0, 200, isSoak ? 3 : 4)
        return stall
    }()
    /// Not the 90th, at which waits begin: the next request decides there.
    static let percentiles: [Double] = [50, 95, 99, 99.9, 100]

    var periodMilliseconds: Double
    var stallMilliseconds: Double
    /// What an answer takes while nothing stands still.
    var answerMilliseconds: Double
    /// Requests a second, in equal distances.
    var rate: Double
    var periods: Double

    var distanceMilliseconds: Double { 1_000 / rate }
    var seconds: Double { periodMilliseconds / 1_000 * periods }
    var count: Int { Int(rate * seconds) }
    var description: String { "\(stallMilliseconds) of \(periodMilliseconds) ms, \(Int(rate))/s" }

    /// Periods begin to count with the first request, and end with their stall.
    func waitMilliseconds(_ milliseconds: Double) -> Double {
        let left = periodMilliseconds - milliseconds.truncatingRemainder(dividingBy: periodMilliseconds)
        return (left <= stallMilliseconds ? left : 0) + answerMilliseconds
    }

    func reply(_ request: TestServer.Request) -> TestServer.Reply {
        .status(200, afterMilliseconds: waitMilliseconds(request.milliseconds))
    }

    /// The wait of each request of the schedule from when it is due, sorted, and the one that stands at the percentile.
    func expectedMilliseconds(_ percentile: Double) -> Double {
        Self.percentile(percentile, of: (0..<count).map { waitMilliseconds(Double($0) * 1_000 / rate) })
    }

    /// The least value that so many of all do not exceed.
    static func percentile(_ percentile: Double, of values: [Double]) -> Double {
        values.sorted()[min(Int((percentile / 100 * Double(values.count)).rounded(.up)), values.count) - 1]
    }
}
