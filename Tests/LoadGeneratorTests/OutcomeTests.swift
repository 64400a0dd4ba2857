import Foundation
import LoadGenerator
import Testing

/// Each way in which a request can end, caused by a server and seen in the report.
@Suite("Outcomes", .serialized)
struct OutcomeTests {
    private func names(_ result: LoadResult) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: result.outcomes.map { ($0.name, $0.count) })
    }

    private func run(
        rate: Double = 100, seconds: Double = 0.4, _ change: (inout LoadPlan) -> Void = { _ in },
        _ script: @escaping @Sendable (TestServer.Request) -> TestServer.Reply
    ) async throws -> LoadResult {
        var result: LoadResult?
        try await TestServer.run(script) { server in
            var plan = try Plans.steady([server.url], rate: rate, seconds: seconds)
            change(&plan)
            result = try await Plans.result(plan)
        }
        return try #require(result)
    }

    @Test("every request that was due is counted once, by status and code")
    func statuses() async throws {
        let refusal = #"{"version":"1.0","status":"error","error":{"code":"UNAUTHORIZED","message":"no"}}"#
        let limit = #"{"error":{"code":"RATE_LIMIT"}}"#
        let result = try await run { request in
            switch request.number % 4 {
            case 0: .status(200)
            case 1: .status(429, limit)
            case 2: .status(403, refusal)
            default: .status(503, #"{"code":"NOT_OURS"}"#)
            }
        }
        #expect(names(result) == ["200": 10, "429 RATE_LIMIT": 10, "403 UNAUTHORIZED": 10, "503": 10])
        let total = result.total
        #expect(
            total.offered == 40 && total.ok == 10 && total.limited == 10 && total.refused == 10 && total.failed == 10)
        #expect(total.latency.count == 40 && result.targets.first?.offered == 40 && result.callers.first?.ok == 10)
    }

    @Test("chunked answers, answers that end with their connection, and connections that end after an answer")
    func framing() async throws {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        let result = try await run { request in
            switch request.number % 3 {
            case 0: .bytes(chunked, afterMilliseconds: 0)
            case 1: .status(200, header: "connection: close\r\n")
            default: .bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n", afterMilliseconds: 0)
            }
        }
        #expect(names(result) == ["200": 27, "204": 13])
    }

    @Test("no answer is a time-out, and counts with the time that was waited")
    func timeouts() async throws {
        let result = try await run {
            $0.timeoutMilliseconds = 200
            $0.connections = 100
        } _: {
            $0.number % 2 == 0 ? .status(200) : .nothing
        }
        #expect(names(result) == ["200": 20, "timeout": 20])
        #expect(result.total.latency[99] >= 200_000 && result.total.latency[99] < 600_000)
        #expect(result.total.errors == 20)
    }

    @Test("a connection that ends is a request lost, and the next one is made")
    func closed() async throws {
        let result = try await run { $0.number == 5 ? .close : .status(200) }
        #expect(names(result) == ["200": 39, "connection_lost": 1])
    }

    @Test("what is no HTTP is unreadable")
    func garbage() async throws {
        let result = try await run { $0.number == 5 ? .bytes("SSH-2.0-x\r\n\r\n", afterMilliseconds: 0) : .status(200) }
        #expect(names(result) == ["200": 39, "unreadable": 1])
    }

    @Test("what is due beyond the bound is missed, and said to be")
    func missed() async throws {
        let result = try await run {
            $0.inFlightMax = 10
            $0.timeoutMilliseconds = 700
        } _: { _ in
            .nothing
        }
        #expect(names(result) == ["timeout": 10, "missed": 30])
        #expect(result.warnings.contains { $0.contains("30 requests were missed") })
    }

    @Test("few connections make requests wait, and the wait is part of their latency")
    func waiting() async throws {
        let result = try await run(rate: 100, seconds: 0.5) {
            $0.connections = 1
        } _: { _ in
            .status(200, afterMilliseconds: 20)
        }
        // One connection carries 50 a second of 100: the last of 50 requests waits for half a second.
        #expect(names(result) == ["200": 50])
        #expect(result.total.latency.maxMicroseconds > 450_000)
        #expect(result.warnings.contains { $0.contains("waited for a free connection") })
    }

    @Test("a target that goes away is not connected, and others go on")
    func gone() async throws {
        var result: LoadResult?
        try await TestServer.run { _ in
            .status(200)
        } during: { lasting in
            let leaving = try await TestServer { _ in .status(200) }
            var plan = try Plans.steady([lasting.url, leaving.url], rate: 200, seconds: 1)
            plan.connections = 4
            let ready = plan
            async let running = Plans.result(ready)
            for _ in 0..<2_000 where leaving.requestCount < 5 { try await Task.sleep(for: .milliseconds(5)) }
            try await leaving.stop()
            result = try await running
        }
        let found = try #require(result)
        #expect(found.targets[0].ok == found.targets[0].offered)
        #expect(names(found)["not_connected", default: 0] > 20, "\(names(found))")
        #expect(found.total.ok + found.total.lost == 200)
    }

    @Test("a target that is not there ends the run before it begins")
    func absent() async throws {
        let plan = try Plans.steady(["http://127.0.0.1:1"], rate: 10, seconds: 1)
        await #expect(throws: LoadFault.self) { try await LoadRun(plan).run() }
    }
}
