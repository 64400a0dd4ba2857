import Foundation
import LoadGenerator
import RedisFixtures
import Testing

/// The reason for all this: a server that stands still is seen to stand still.
@Suite("An open loop", .serialized)
struct OpenLoopTests {
    /// How far a figure may be from the arithmetic, in milliseconds: 2 %.
    ///
    /// With the short stalls of a busy machine it is that, what the machine took from the generator, and a distance of two
    /// requests, for stalls begin somewhere between two.
    private static func tolerance(_ expected: Double, _ result: LoadResult, distance: Double = 0) -> Double {
        expected * 0.02 + (Stall.isSoak ? 0 : Double(result.generatorLateness[99]) * 0.002 + 0.5 + distance)
    }

    private static func milliseconds(_ result: LoadResult, _ percentile: Double) -> Double {
        Double(percentile == 100 ? result.total.latency.maxMicroseconds : result.total.latency[percentile]) / 1_000
    }

    private func load(_ url: String, _ stall: Stall) async throws -> LoadResult {
        let folder = try PrivateFolder()
        return try await LoadProcess.run(
            [
                "--gateway", url, "--rate", "\(stall.rate)", "--duration", "\(stall.seconds)s", "--intent", "Sum",
                "--connections", "\(Int(stall.rate * 2))", "--quiet", "--json", folder.file("result.json"),
            ], in: folder
        ).result
    }

    @Test("a server that freezes for a tenth of the time shows it as arithmetic says and as another open loop finds it")
    func stalls() async throws {
        let stall = Stall.tested
        try await TestServer.run(stall.reply) { server in
            let result = try await load(server.url, stall)
            // Whole periods: where they began does not matter.
            let reference = try await PythonOpenLoop.run(server.url, stall, Stall.percentiles)
            #expect(result.total.ok == stall.count, "\(result.outcomes)")
            for (percentile, other) in zip(Stall.percentiles, reference) {
                let measured = Self.milliseconds(result, percentile)
                let expected = stall.expectedMilliseconds(percentile)
                print("open loop, \(stall): p\(percentile) \(measured) ms, arithmetic \(expected), Python \(other)")
                for reference in [expected, other] {
                    let most = Self.tolerance(reference, result, distance: stall.distanceMilliseconds)
                    #expect(abs(measured - reference) <= most, "p\(percentile): \(measured), not \(reference)")
                }
            }
            #expect(result.total.latency[99] >= Int(stall.stallMilliseconds * 800))
        }
    }

    @Test("a process that is stopped and goes on again is a server that freezes")
    func stopped() async throws {
        let stall = Stall.stopped
        let server = try StoppableServer()
        async let stops = server.stopInTurn(stall)
        let result = try await load(server.url, stall)
        #expect(result.total.ok == stall.count, "\(result.outcomes)")
        // Whatever was due while it was stopped waited until it went on; nothing else waited.
        let distance = stall.distanceMilliseconds
        let frozen = try await stops.flatMap { stop in (0..<Int(stop / distance)).map { stop - Double($0) * distance } }
        let all = frozen + Array(repeating: 0, count: stall.count - frozen.count)
        for percentile in [95, 99, 99.9, 100] {
            let measured = Self.milliseconds(result, percentile)
            let expected = Stall.percentile(percentile, of: all)
            print("open loop, stopped \(stall): p\(percentile) \(measured) ms, arithmetic \(expected)")
            let most = Self.tolerance(expected, result, distance: distance)
            #expect(abs(measured - expected) <= most, "p\(percentile): \(measured)")
        }
        #expect(Self.milliseconds(result, 50) < 20)
    }

    @Test(
        "the same server in a closed loop: whoever waits for each answer asks nothing while it is frozen, and sees nothing"
    )
    func closedLoop() async throws {
        let stall = Stall.stopped
        try await TestServer.run(stall.reply) { server in
            let seconds = stall.periodMilliseconds / 1_000 * 2
            let latencies = try await ClosedLoop.run(server.url, requestsPerSecond: stall.rate, seconds: seconds)
            let p99 = latencies.microseconds(atPercentile: 99)
            print("closed loop, frozen \(stall): p99 \(p99) µs of \(latencies.count) requests")
            #expect(latencies.count > 100)
            #expect(
                p99 < Int(stall.stallMilliseconds * 500), "a closed loop would show it: the test shows nothing")
        }
    }

    @Test("delays that are known are found where they must be")
    func known() async throws {
        // 100 to 199 ms in turn: the p-th percentile is 100 + p ms, less one step.
        try await TestServer.run {
            .status(200, afterMilliseconds: 100 + Double($0.number % 100))
        } during: { server in
            var plan = try Plans.steady([server.url], rate: 400, seconds: Stall.isSoak ? 20 : 2)
            plan.connections = 400
            let result = try await Plans.result(plan)
            #expect(result.total.ok == result.total.offered)
            for percentile in [50.0, 75, 90, 95, 99] {
                let expected = (99 + percentile) * 1_000.0
                let measured = Double(result.total.latency[percentile])
                let most = Self.tolerance(expected / 1_000, result) * 1_000
                #expect(abs(measured - expected) <= most, "p\(percentile): \(measured)")
            }
            print(
                "known delays: p50 \(result.total.latency[50]), p99 \(result.total.latency[99]) µs; by arithmetic 149000, 198000; "
                    + "generator late by \(result.generatorLateness[99]) µs (p99)")
        }
    }
}
