import LoadGenerator
import Testing

@Suite("Thresholds")
struct ThresholdTests {
    private static func result() async throws -> LoadResult {
        var result: LoadResult?
        try await TestServer.run {
            $0.number % 4 == 3 ? .status(429) : .status(200, afterMilliseconds: 20)
        } during: { server in
            result = try await Plans.result(try Plans.steady([server.url], rate: 200, seconds: 0.2))
        }
        return try #require(result)
    }

    @Test("each is held against what was measured")
    func verdicts() async throws {
        let result = try await Self.result()
        func isPassed(_ text: String) throws -> Bool { try Threshold(text).verdict(result).isPassed }
        #expect(try isPassed("p99>10s") && !isPassed("p99 > 5ms"))
        #expect(try !isPassed("p99.9(200)>=19ms") && isPassed("p50(429)>15ms") && !isPassed("max(ok)>19ms"))
        #expect(try isPassed("limited>25%") && !isPassed("limited>=25%") && !isPassed("limited>24.9%"))
        #expect(try isPassed("errors>0%") && isPassed("missed>0%") && isPassed("lost(t0)>0%"))
        #expect(try !isPassed("rate<1000") && isPassed("rate<1"))
        #expect(try isPassed("mean(Sum)>10s") && isPassed("p99(Sum:1.0)>10s"))
    }

    @Test("what was not measured has not passed")
    func unmeasured() async throws {
        let result = try await Self.result()
        let verdict = try Threshold("p99(timeout)>50ms").verdict(result)
        #expect(!verdict.isPassed && verdict.finding == "nothing was answered")
        var nothing = result
        nothing.total.offered = 0
        #expect(try !Threshold("errors>0.1%").verdict(nothing).isPassed)
    }

    @Test(
        "what is none is refused, and told what would be one",
        arguments: [
            "p99", "p98>1ms", "p99>5", "p99>50%", "errors>1", "errors>101%", "errors>-1%", "speed>1", "rate<x",
            "p99()>1ms",
            "rate(Sum)<1", "p99=1ms", "",
        ])
    func refused(text: String) {
        #expect {
            _ = try Threshold(text)
        } throws: { error in
            "\(error)".contains("'\(text)'")
                && ("\(error)".contains("write METRIC") || "\(error)".contains("parentheses"))
        }
    }

    @Test("a name that the plan does not have is refused before the run")
    func names() throws {
        let plan = try Plans.steady(["http://127.0.0.1:1"], rate: 1, seconds: 1)
        for known in ["Sum", "Sum:1.0", "t0", "nobody", "ok", "429", "403 UNAUTHORIZED", "timeout"] {
            try Threshold("p99(\(known))>1s").check(plan)
        }
        #expect(throws: LoadFault.self) { try Threshold("p99(Summ)>1s").check(plan) }
    }

    @Test(
        "times are read with their units",
        arguments: [
            ("250us", 250_000), ("50ms", 50_000_000), ("1.5s", 1_500_000_000), ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
        ])
    func durations(text: String, nanoseconds: Int64) {
        #expect(DurationText.nanoseconds(text) == nanoseconds)
        for broken in ["", "5", "s", "-1s", "1 s", "1e3s", "400000000000s"] {
            #expect(DurationText.nanoseconds(broken) == nil)
        }
    }
}
