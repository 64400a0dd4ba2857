import Foundation
import LoadGenerator
import NIOCore
import NIOPosix
import Testing

/// The reason for all this: a server that stands still is seen to stand still.
@Suite("An open loop", .serialized)
struct OpenLoopTests {
    /// A server that answers nobody in a part of each period, and then all at once.
    struct Stall: Sendable {
        var periodMilliseconds: Double
        var stallMilliseconds: Double

        /// Periods begin to count with the first request, and end with their stall.
        func reply(_ request: TestServer.Request) -> TestServer.Reply {
            let left = periodMilliseconds - request.milliseconds.truncatingRemainder(dividingBy: periodMilliseconds)
            return .status(200, afterMilliseconds: left <= stallMilliseconds ? left : 0)
        }

        /// What a percentile is by arithmetic alone: the wait of each request of a steady schedule, sorted.
        func expectedMicroseconds(_ percentile: Double, rate: Double, seconds: Double) -> Double {
            let count = Int(rate * seconds)
            let waits = (0..<count).map { number in
                let left =
                    periodMilliseconds
                    - (Double(number) * 1_000 / rate).truncatingRemainder(dividingBy: periodMilliseconds)
                return left <= stallMilliseconds ? left : 0
            }.sorted()
            return waits[min(Int((percentile / 100 * Double(count)).rounded(.up)), count) - 1] * 1_000
        }
    }

    private static let isSoak = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1"
    private static let stall =
        isSoak
        ? Stall(periodMilliseconds: 10_000, stallMilliseconds: 999)
        : Stall(periodMilliseconds: 2_000, stallMilliseconds: 197.5)
    private static let periods = 2.0
    /// So many that stalls begin and end between two requests, and few enough that a debug build answers those of a stall at once.
    private static let rate = isSoak ? 500.0 : 200

    /// How far a figure may be from the arithmetic: 2 %, and what the machine took from generator and server alike.
    private static func tolerance(_ expected: Double, _ result: LoadResult) -> Double {
        expected * 0.02 + Double(result.generatorLateness[99]) * 2 + 500
    }

    @Test("a server that freezes for a tenth of the time shows it from the 90th percentile on, as arithmetic says")
    func stalls() async throws {
        let seconds = Self.stall.periodMilliseconds / 1_000 * Self.periods
        try await TestServer.run(Self.stall.reply) { server in
            var plan = try Plans.steady([server.url], rate: Self.rate, seconds: seconds)
            plan.connections = 1_000
            let result = try await Plans.result(plan)
            #expect(result.total.ok == Int(Self.rate * seconds))
            var found: [String] = []
            for percentile in [95, 99, 99.9] {
                let expected = Self.stall.expectedMicroseconds(percentile, rate: Self.rate, seconds: seconds)
                let measured = Double(result.total.latency[percentile])
                found.append("p\(percentile) \(measured / 1_000) ms, by arithmetic \(expected / 1_000) ms")
                #expect(abs(measured - expected) <= Self.tolerance(expected, result), "p\(percentile): \(measured)")
            }
            #expect(result.total.latency[99] >= Int(Self.stall.stallMilliseconds * 800))
            #expect(result.total.latency[50] < 50_000)
            print("open loop, frozen \(Self.stall): \(found.joined(separator: "; "))")
        }
    }

    @Test(
        "the same server in a closed loop: whoever waits for each answer asks nothing while it is frozen, and sees nothing"
    )
    func closedLoop() async throws {
        try await TestServer.run(Self.stall.reply) { server in
            let seconds = Self.stall.periodMilliseconds / 1_000 * Self.periods
            let latencies = try await ClosedLoop.run(server.url, requestsPerSecond: Self.rate, seconds: seconds)
            let p99 = latencies.microseconds(atPercentile: 99)
            print("closed loop, frozen \(Self.stall): p99 \(p99) µs of \(latencies.count) requests")
            #expect(latencies.count > 100)
            #expect(
                p99 < Int(Self.stall.stallMilliseconds * 500), "a closed loop would show it: the test shows nothing")
        }
    }

    @Test("delays that are known are found where they must be")
    func known() async throws {
        // 100 to 199 ms in turn: the p-th percentile is 100 + p ms, less one step.
        try await TestServer.run {
            .status(200, afterMilliseconds: 100 + Double($0.number % 100))
        } during: { server in
            var plan = try Plans.steady([server.url], rate: 400, seconds: Self.isSoak ? 20 : 2)
            plan.connections = 400
            let result = try await Plans.result(plan)
            #expect(result.total.ok == result.total.offered)
            for percentile in [50.0, 75, 90, 95, 99] {
                let expected = (99 + percentile) * 1_000.0
                let measured = Double(result.total.latency[percentile])
                #expect(abs(measured - expected) <= Self.tolerance(expected, result), "p\(percentile): \(measured)")
            }
            print(
                "known delays: p50 \(result.total.latency[50]), p99 \(result.total.latency[99]) µs; by arithmetic 149000, 198000; "
                    + "generator late by \(result.generatorLateness[99]) µs (p99)")
        }
    }
}

/// One client that waits for each answer before it asks again, at most at a given rate; it counts from when it sent.
enum ClosedLoop {
    static func run(_ url: String, requestsPerSecond: Double, seconds: Double) async throws -> LatencyHistogram {
        let port = Int(url.split(separator: ":").last ?? "") ?? 0
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let request = ByteBuffer(string: "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
        return try await channel.executeThenClose { inbound, outbound in
            var latencies = LatencyHistogram()
            var answers = inbound.makeAsyncIterator()
            let start = ContinuousClock.now
            while start.duration(to: .now) < .seconds(seconds) {
                let sent = ContinuousClock.now
                try await outbound.write(request)
                guard try await answers.next() != nil else { break }
                let taken = sent.duration(to: .now)
                latencies.record(nanoseconds: Int64(taken / .nanoseconds(1)))
                try await Task.sleep(until: sent + .seconds(1 / requestsPerSecond))
            }
            return latencies
        }
    }
}
