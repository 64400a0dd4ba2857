/// When requests are due, decided before the first one is sent and by nothing that is answered.
package struct ArrivalSchedule: Sendable {
    /// How requests lie within their rate.
    package enum Spacing: String, Sendable, Hashable, CaseIterable {
        /// At equal distances.
        case uniform
        /// At random, as the requests of many clients that know nothing of each other.
        case poisson
    }

    private enum Source: Sendable {
        case rates(RateWalk, Spacing, SplitMix64)
        case times([Int64], next: Int)
    }

    private var source: Source
    /// How many requests the walk has passed: a whole number where they are evenly spaced.
    private var position = 0.0
    /// How long it takes, from the first moment of the schedule to its last, in nanoseconds.
    package let nanoseconds: Int64

    /// By rates; the same seed makes the same times.
    package init(_ profile: RateProfile, _ spacing: Spacing, seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        if spacing == .poisson { position = generator.exponential() }
        source = .rates(RateWalk(profile), spacing, generator)
        nanoseconds = Int64(profile.seconds * 1e9)
    }

    /// At given times.
    ///
    /// - Parameter nanoseconds: from the beginning, in rising order.
    package init(replaying nanoseconds: [Int64]) {
        source = .times(nanoseconds, next: 0)
        self.nanoseconds = nanoseconds.last ?? 0
    }

    /// When the next request is due, in nanoseconds from the beginning; nil behind the last.
    package mutating func next() -> Int64? {
        switch source {
        case .rates(var walk, let spacing, var generator):
            guard let seconds = walk.seconds(atRequest: position) else { return nil }
            position += spacing == .uniform ? 1 : generator.exponential()
            source = .rates(walk, spacing, generator)
            return Int64(seconds * 1e9)
        case .times(let times, let place):
            guard place < times.count else { return nil }
            source = .times(times, next: place + 1)
            return times[place]
        }
    }
}

/// The part of a schedule that one of several threads takes: every n-th request.
struct ScheduleShare: Sendable {
    private var schedule: ArrivalSchedule
    private let stride: Int

    init(_ schedule: ArrivalSchedule, thread: Int, of threads: Int) {
        self.schedule = schedule
        stride = threads
        for _ in 0..<thread { _ = self.schedule.next() }
    }

    mutating func next() -> Int64? {
        let due = schedule.next()
        for _ in 1..<stride { _ = schedule.next() }
        return due
    }
}
