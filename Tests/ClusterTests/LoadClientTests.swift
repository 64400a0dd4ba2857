import Foundation
import LoadClient
import RedisFixtures
import Testing

/// The client that the other tests measure with.
@Suite("The open-loop client", .serialized)
struct LoadClientTests {
    static func plan(port: Int, perSecond: Int) -> LoadPlan {
        let request = LoadRequest(name: "get", bytes: Array("GET / HTTP/1.1\r\nhost: x\r\n\r\n".utf8))
        return LoadPlan(
            targets: [LoadTarget(port: port, weight: 1)], requests: [request], requestsPerSecond: perSecond)
    }

    @Test("sends as many as are due, and every one is answered")
    func answered() async throws {
        let (report, requests) = try await offPool {
            let server = try FixedServer(body: "{}")
            defer { server.stop() }
            let load = try LoadClient(Self.plan(port: server.port, perSecond: 1_000))
            try load.start(phase: "all")
            keepRunning(milliseconds: 500)
            return (try load.finish(), server.requestCount)
        }
        let all = report.sum()
        #expect(all.statuses == [200: all.sent])
        #expect(all.latency.count == all.sent)
        #expect(requests == all.sent)
        #expect(
            abs(Int64(all.sent) * 1_000_000 - report.nanoseconds) < 100_000_000, "\(all.sent) \(report.nanoseconds)")
    }

    @Test("keeps its schedule when nobody answers, and says so")
    func silence() async throws {
        let report = try await offPool {
            let server = try FixedServer(body: "{}")
            defer { server.stop() }
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            var plan = Self.plan(port: proxy.port, perSecond: 1_000)
            plan.patienceMilliseconds = 200
            let load = try LoadClient(plan)
            proxy.blackhole()
            try load.start(phase: "all")
            keepRunning(milliseconds: 500)
            return try load.finish()
        }
        let all = report.sum()
        #expect(all.sent > 400)
        #expect(all.unanswered == all.sent)
    }

    @Test("counts what a lost server did not answer, and comes back to it")
    func lost() async throws {
        let report = try await offPool {
            let server = try FixedServer(body: "{}")
            defer { server.stop() }
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let load = try LoadClient(Self.plan(port: proxy.port, perSecond: 1_000))
            try load.start(phase: "before")
            keepRunning(milliseconds: 300)
            proxy.refuse()
            try load.begin(phase: "lost")
            keepRunning(milliseconds: 300)
            proxy.pass()
            keepRunning(milliseconds: 500)
            try load.begin(phase: "after")
            keepRunning(milliseconds: 300)
            return try load.finish()
        }
        let lost = report.sum(phase: "lost")
        #expect(lost.connectionFailures > 250)
        #expect(lost.connectionFailures + lost.statuses[200, default: 0] == lost.sent)
        let after = report.sum(phase: "after")
        #expect(after.statuses == [200: after.sent])
    }

    @Test("a quantile is at most one part in 32 above the time that was measured")
    func quantiles() {
        var histogram = LatencyHistogram()
        for microseconds in 1...100_000 { histogram.add(microseconds: microseconds) }
        for share in [0.01, 0.5, 0.9, 0.99] {
            let exact = Int(100_000 * share)
            let told = histogram.quantileMicroseconds(share)
            #expect(told >= exact && told <= exact + exact / 32 + 1, "\(share): \(told)")
        }
        #expect(histogram.quantileMicroseconds(1) == 100_000)
        #expect(LatencyHistogram().quantileMicroseconds(0.99) == 0)
    }

    @Test(
        "an answer is read when it is whole",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 40, 200, false),
            ("HTTP/1.1 429 Too Many\r\nintentusnet-limits: degraded\r\ncontent-length: 1\r\n\r\nx", 75, 429, true),
            ("HTTP/1.1 204 None\r\n\r\nHTTP", 21, 204, false),
        ])
    func frames(text: String, length: Int, status: Int, isDegraded: Bool) throws {
        let bytes = Array(text.utf8)
        for count in 0..<length { #expect(bytes[..<count].withUnsafeBytes { HTTPFrame($0) } == nil) }
        let frame = try #require(bytes.withUnsafeBytes { HTTPFrame($0) })
        #expect(frame.byteCount == length && frame.status == status && frame.isDegraded == isDegraded)
    }
}
