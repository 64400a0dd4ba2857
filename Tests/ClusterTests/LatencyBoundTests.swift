import LoadClient
import Testing

/// The check of the soak itself: it must be able to fail.
@Suite("What a fault may cost")
struct LatencyBoundTests {
    private func histogram(_ microseconds: Int, count: Int = 1_000, worst: Int? = nil) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for _ in 0..<count { histogram.add(microseconds: microseconds) }
        if let worst { histogram.add(microseconds: worst) }
        return histogram
    }

    private func faults(_ latency: LatencyHistogram, lag: LatencyHistogram, boundsWorst: Bool = true) -> [String] {
        LatencyBound(before: histogram(1_000, worst: 3_000))
            .faults("opening", latency, lag: lag, budgetMilliseconds: 10, boundsWorst: boundsWorst)
    }

    @Test("a budget is within it, for 99 of 100 and for the last one")
    func kept() {
        #expect(faults(histogram(2_000, worst: 13_900), lag: histogram(100)) == [])
        #expect(faults(histogram(11_000), lag: histogram(100)) == [])
    }

    @Test("one request that waits longer is found, where all but it are quick")
    func worst() {
        let slow = histogram(1_000, worst: 60_000)
        #expect(faults(slow, lag: histogram(100)).count == 1)
        #expect(faults(slow, lag: histogram(100), boundsWorst: false) == [])
        // Unless the machine stood still for that long.
        #expect(faults(slow, lag: histogram(100, worst: 60_000)) == [])
    }

    @Test("many that wait longer are found")
    func p99() {
        #expect(faults(histogram(14_000), lag: histogram(100), boundsWorst: false).count == 1)
    }

    @Test("a client that is late measures nothing, and says so")
    func lag() {
        let found = faults(histogram(1_000), lag: histogram(6_000))
        #expect(found.count == 1 && found[0].contains("not measured"), "\(found)")
    }
}
