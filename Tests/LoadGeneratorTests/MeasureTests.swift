import LoadGenerator
import Testing

@Suite("What is counted")
struct MeasureTests {
    @Test("a percentile is exact to three digits")
    func percentiles() {
        var histogram = LatencyHistogram()
        for microseconds in 1...100_000 { histogram.record(microseconds: UInt64(microseconds)) }
        for percentile in [1, 50, 75, 90, 99, 99.9, 99.99] {
            let exact = 1_000 * percentile
            let told = Double(histogram.microseconds(atPercentile: percentile))
            #expect(told >= exact && told <= exact * 1.001 + 1, "\(percentile): \(told)")
        }
        #expect(histogram.microseconds(atPercentile: 100) == 100_000)
        #expect(histogram.count == 100_000 && histogram.minMicroseconds == 1)
        #expect(abs(histogram.meanMicroseconds - 50_000.5) < 50)
    }

    @Test("two threads' times are one set of times")
    func sums() {
        var one = LatencyHistogram()
        var other = LatencyHistogram()
        var both = LatencyHistogram()
        var generator = SplitMix64(seed: 1)
        for count in 0..<10_000 {
            let value = generator.next() % 5_000_000
            both.record(microseconds: value)
            if count % 3 == 0 { one.record(microseconds: value) } else { other.record(microseconds: value) }
        }
        one.add(other)
        #expect(LatencySummary(one) == LatencySummary(both))
        one.reset()
        #expect(one.count == 0 && one.microseconds(atPercentile: 99) == 0)
    }

    @Test("an empty histogram and times out of all bounds do no harm")
    func edges() {
        var histogram = LatencyHistogram()
        #expect(histogram.microseconds(atPercentile: 99.9) == 0 && histogram.maxMicroseconds == 0)
        histogram.record(nanoseconds: -5)
        histogram.record(nanoseconds: .max)
        #expect(histogram.count == 2 && histogram.minMicroseconds == 0)
        #expect(abs(histogram.maxMicroseconds - 3_600_000_000) < 4_000_000)
    }

    @Test(
        "what an outcome means",
        arguments: [
            (Outcome.answered(status: 200, code: nil), OutcomeClass.ok, "200"),
            (.answered(status: 429, code: "RATE_LIMIT"), .limited, "429 RATE_LIMIT"),
            (.answered(status: 403, code: nil), .refused, "403"), (.answered(status: 302, code: nil), .refused, "302"),
            (.answered(status: 503, code: nil), .failed, "503"), (.timedOut, .lost, "timeout"),
            (.missed, .lost, "missed"),
        ])
    func outcomes(outcome: Outcome, expected: OutcomeClass, name: String) {
        #expect(outcome.outcomeClass == expected && outcome.name == name)
        #expect(expected.isError == (expected != .ok && expected != .limited))
    }
}
