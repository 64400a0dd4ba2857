import Foundation
import LoadGenerator
import Testing

@Suite("When requests are due")
struct ScheduleTests {
    private func times(_ profile: RateProfile, _ spacing: ArrivalSchedule.Spacing = .uniform, seed: UInt64 = 1)
        -> [Int64]
    {
        var schedule = ArrivalSchedule(profile, spacing, seed: seed)
        var times: [Int64] = []
        while let next = schedule.next() { times.append(next) }
        return times
    }

    @Test("a steady rate has equal distances")
    func steady() {
        let times = times(RateProfile([RateSegment(from: 100, seconds: 2)]))
        #expect(times.count == 200)
        for (place, time) in times.enumerated() { #expect(abs(time - Int64(place) * 10_000_000) <= 1) }
    }

    @Test("a ramp has as many requests as the area below it, and each where the area says")
    func ramp() {
        let times = times(RateProfile([RateSegment(from: 0, to: 100, seconds: 10)]))
        #expect(times.count == 500)
        // N(t) = 5 t², so the n-th is due at √(n / 5).
        for place in [1, 5, 125, 499] {
            #expect(abs(Double(times[place]) / 1e9 - (Double(place) / 5).squareRoot()) < 1e-6)
        }
        let down = self.times(RateProfile([RateSegment(from: 100, to: 0, seconds: 10)]))
        #expect(down.count == 500 && down.last ?? 0 < 10_000_000_000)
    }

    @Test("parts follow each other without a gap or a request twice")
    func steps() {
        let times = times(RateProfile([RateSegment(from: 10, seconds: 1), RateSegment(from: 100, seconds: 1)]))
        #expect(times.filter { $0 < 1_000_000_000 }.count == 10)
        #expect(times.count == 110)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("spikes begin when they should, last as long as they should, and fit into the part")
    func spikes() {
        let segments = RateProfile.spiky(rate: 10, spikeRate: 100, everySeconds: 5, lastSeconds: 1, seconds: 12)
        #expect(
            segments == [
                RateSegment(from: 10, seconds: 5), RateSegment(from: 100, seconds: 1),
                RateSegment(from: 10, seconds: 4),
                RateSegment(from: 100, seconds: 1), RateSegment(from: 10, seconds: 1),
            ])
        #expect(RateProfile(segments).seconds == 12)
    }

    @Test("random spacing has the rate's mean and the spread of chance, and the same seed the same times")
    func poisson() {
        let profile = RateProfile([RateSegment(from: 1_000, seconds: 100)])
        let times = times(profile, .poisson, seed: 7)
        #expect(abs(times.count - 100_000) < 1_000)
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let deviation = (gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)).squareRoot()
        // Of times at random between events the deviation is the mean.
        #expect(abs(deviation / mean - 1) < 0.02)
        #expect(times == self.times(profile, .poisson, seed: 7))
        #expect(times != self.times(profile, .poisson, seed: 8))
    }

    @Test("weights are kept")
    func weights() {
        let choice = WeightedChoice([1, 0, 3])
        var generator = SplitMix64(seed: 3)
        var counts = [0, 0, 0]
        for _ in 0..<40_000 { counts[choice.pick(&generator)] += 1 }
        #expect(counts[1] == 0)
        #expect(abs(counts[0] - 10_000) < 400, "\(counts)")
    }

    @Test("a file is replayed at its distances, faster if wanted, to the nanosecond")
    func replay() throws {
        let text = "# log\r\n1764302400.125\r\n1764302400.125 GET\n\n1764302401.000000001,x\n"
        #expect(try ReplayFile.read(text) == [0, 0, 875_000_001])
        #expect(try ReplayFile.read("0\n2\n", speed: 2) == [0, 1_000_000_000])
    }

    @Test(
        "a file that cannot be replayed is refused with its line",
        arguments: [
            ("1\nx\n", 2, "no time"), ("2\n1\n", 2, "before the line above"), ("# nothing\n", 1, "no time"),
            ("1.\n", 1, "no time"), ("-1\n", 1, "no time"), ("1.0000000001\n", 1, "no time"),
        ])
    func brokenReplay(text: String, line: Int, problem: String) {
        #expect {
            try ReplayFile.read(text)
        } throws: { error in
            guard let fault = error as? ReplayFile.Fault else { return false }
            return fault.line == line && fault.problem.contains(problem)
        }
    }
}
