import Foundation
import LoadGenerator
import Synchronization
import Testing

/// A run as a whole: what it sends, to whom, and what it leaves out.
@Suite("A run", .serialized)
struct RunTests {
    private static let ok: @Sendable (TestServer.Request) -> TestServer.Reply = { _ in .status(200) }

    @Test("threads share one schedule, and the warm-up is sent and not counted")
    func threads() async throws {
        try await TestServer.run(Self.ok) { server in
            var plan = try Plans.steady([server.url], rate: 500, seconds: 0.4, warmUpSeconds: 0.2)
            plan.threads = 2
            let result = try await Plans.result(plan)
            #expect(result.total.offered == 200 && result.total.ok == 200 && result.warmUpRequests == 100)
            #expect(server.requestCount == 300)
            #expect(abs(result.offeredPerSecond - 500) < 0.1)
            #expect(result.timeline.first?.isWarmUp == false, "a second that is counted in part is counted")
        }
    }

    @Test("each request has an id of its own, in an envelope that the wire knows")
    func ids() async throws {
        try await TestServer.run(Self.ok) { server in
            var plan = try Plans.steady([server.url], rate: 200, seconds: 0.4)
            plan.threads = 2
            _ = try await Plans.result(plan)
            let ids = try server.texts.map { text in
                #expect(text.hasPrefix("POST /api/v1/intent HTTP/1.1\r\nhost: 127.0.0.1:"))
                #expect(text.contains("x-intentus-timeout-ms: 5000\r\n") && !text.contains("authorization"))
                return String(try #require(text.firstMatch(of: #/"requestId":"(load-[0-9a-f]+-\d{12})"/#)?.1))
            }
            #expect(Set(ids).count == 80)
        }
    }

    @Test("intents, callers and targets have their parts")
    func mix() async throws {
        try await TestServer.run(Self.ok) { one in
            try await TestServer.run(Self.ok) { other in
                var plan = try Plans.steady([one.url, other.url], rate: 4_000, seconds: 0.5)
                plan.targets[0].weight = 3
                plan.callers = [
                    LoadPlan.Caller(name: "a", tokens: ["ta"], weight: 1),
                    LoadPlan.Caller(name: "b", tokens: ["tb", "tc"], weight: 1),
                ]
                plan.entries = [
                    Plans.entry("Sum", weight: 9, callers: [0, 1]), Plans.entry("Pay", weight: 1, callers: [1]),
                ]
                let result = try await Plans.result(plan)
                #expect(result.total.ok == 2_000)
                #expect(abs(result.targets[0].offered - 1_500) < 90 && one.requestCount == result.targets[0].offered)
                #expect(abs(result.intents[1].offered - 200) < 60)
                // Half of nine tenths, and the tenth that only the second caller asks.
                #expect(abs(result.callers[1].offered - 1_100) < 100)
                let tokens = Set(
                    one.texts.compactMap { $0.firstMatch(of: #/authorization: Bearer (\w+)/#).map { String($0.1) } })
                #expect(tokens == ["ta", "tb", "tc"])
                #expect(one.texts.allSatisfy { !$0.contains("Bearer ta") || $0.contains(#""name":"Sum""#) })
            }
        }
    }

    @Test("a replay keeps the distances of its file")
    func replay() async throws {
        let times = Mutex<[Double]>([])
        try await TestServer.run { request in
            times.withLock { $0.append(request.milliseconds) }
            return .status(200)
        } during: { server in
            var plan = try Plans.steady([server.url], rate: 1, seconds: 1)
            plan.schedule = ArrivalSchedule(replaying: try ReplayFile.read("5\n5.3\n5.3\n5.5\n"))
            let result = try await Plans.result(plan)
            #expect(result.total.ok == 4)
        }
        let found = times.withLock { $0 }
        for (time, due) in zip(found, [0.0, 300, 300, 500]) { #expect(abs(time - due) < 60, "\(found)") }
    }

    @Test("a run that is interrupted tells what was done until then, and loses no answer")
    func interrupted() async throws {
        try await TestServer.run { _ in
            .status(200, afterMilliseconds: 50)
        } during: { server in
            let plan = try Plans.steady([server.url], rate: 200, seconds: 3_600)
            let task = Task { try await Plans.result(plan) }
            for _ in 0..<2_000 where server.requestCount < 40 { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            let result = try await task.value
            #expect(result.isInterrupted)
            #expect(result.total.ok == result.total.offered && result.total.offered >= 40)
            #expect(result.scheduledSeconds < 60)
        }
    }

    @Test("each second is told when it is over, with what happened in it")
    func progress() async throws {
        try await TestServer.run(Self.ok) { server in
            var lines: [String] = []
            let plan = try Plans.steady([server.url], rate: 100, seconds: 2.2)
            let record = try await LoadRun(plan).run { lines.append(LoadSummary.line($0)) }
            #expect(record.intervals.reduce(0) { $0 + $1.tally.tally.offered } == 220)
            #expect(lines.count == record.intervals.count && lines.count >= 3)
            #expect(lines[0].contains("1 s  due") && lines[0].contains("p99.9") && lines[0].contains("errors 0.00 %"))
        }
    }
}
