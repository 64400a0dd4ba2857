import LoadGenerator
import Testing

@Suite("The search for capacity")
struct CapacitySearchTests {
    /// Looks at a gateway that passes as its function says.
    private func run(
        from start: Double, max rateMax: Double = 1e6, _ passes: (Double) -> Bool
    ) -> (step: CapacitySearch.Step, rates: [Double]) {
        var search = CapacitySearch(startRate: start, rateMax: rateMax)
        var step = search.first
        var rates: [Double] = []
        while case .attempt(let rate) = step {
            rates.append(rate)
            step = search.next(isPassed: passes(rate))
        }
        return (step, rates)
    }

    @Test("finds it within its precision, from below and from above", arguments: [10.0, 1_000, 50_000])
    func found(start: Double) throws {
        let (step, rates) = run(from: start) { $0 <= 7_321 }
        guard case .found(let rate) = step else {
            Issue.record("\(step)")
            return
        }
        #expect(rate <= 7_321 && rate >= 7_321 / (1 + CapacitySearch.precision))
        #expect(rates.count < 40)
    }

    @Test("one bad moment is not a limit")
    func noise() {
        var isFirst = true
        let (step, rates) = run(from: 100, max: 100) { _ in
            defer { isFirst = false }
            return !isFirst
        }
        #expect(step == .found(rate: 100) && rates == [100, 100])
    }

    @Test("gives up at the lowest rate, and stops at the highest")
    func bounds() {
        #expect(run(from: 8) { _ in false }.step == .none)
        #expect(run(from: 8) { _ in false }.rates == [8, 8, 4, 4, 2, 2, 1, 1])
        #expect(run(from: 600, max: 1_000) { _ in true }.rates == [600, 1_000])
        #expect(run(from: 600, max: 1_000) { _ in true }.step == .found(rate: 1_000))
    }

    @Test("a gateway that fails by chance ends the search all the same")
    func chance() {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<50 {
            #expect(run(from: 100) { _ in generator.next() % 2 == 0 }.rates.count <= CapacitySearch.trialsMax)
        }
    }
}
