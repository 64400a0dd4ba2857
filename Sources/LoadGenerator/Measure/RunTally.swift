/// What one thread of a run has counted, or all of them together.
package struct RunTally: Sendable {
    /// Different outcomes that are told apart; further ones are counted by their status alone.
    static let outcomesMax = 64

    package internal(set) var entries: [Tally]
    package internal(set) var targets: [Tally]
    package internal(set) var callers: [Tally]
    /// Each with its latencies, in the order in which they were first seen.
    package private(set) var outcomes: [(outcome: Outcome, tally: Tally)] = []
    /// How much later than due a request was looked at: what the machine took from the generator, and no target.
    package internal(set) var lateness = LatencyHistogram()
    /// How long a request waited for a connection that was free.
    package internal(set) var waiting = LatencyHistogram()
    /// Requests of the warm-up, which nothing else here counts.
    package internal(set) var warmUpRequests = 0
    package internal(set) var receivedBytes = 0
    package internal(set) var sentBytes = 0
    /// When the last answer came, in nanoseconds from the beginning of the schedule.
    package internal(set) var lastAnswerNanoseconds: Int64 = 0

    init(entries: Int, targets: Int, callers: Int) {
        self.entries = Array(repeating: Tally(), count: entries)
        self.targets = Array(repeating: Tally(), count: targets)
        self.callers = Array(repeating: Tally(), count: callers)
    }

    /// All requests.
    package var total: Tally {
        var sum = Tally()
        for tally in entries { sum.add(tally) }
        return sum
    }

    mutating func offer(entry: Int, target: Int, caller: Int) {
        entries[entry].offered += 1
        targets[target].offered += 1
        callers[caller].offered += 1
    }

    mutating func end(_ outcome: Outcome, entry: Int, target: Int, caller: Int, latencyNanoseconds: Int64) {
        entries[entry].end(outcome, latencyNanoseconds: latencyNanoseconds)
        targets[target].end(outcome, latencyNanoseconds: latencyNanoseconds)
        callers[caller].end(outcome, latencyNanoseconds: latencyNanoseconds)
        outcomes[place(of: outcome)].tally.end(outcome, latencyNanoseconds: latencyNanoseconds)
    }

    package mutating func add(_ other: RunTally) {
        for place in entries.indices { entries[place].add(other.entries[place]) }
        for place in targets.indices { targets[place].add(other.targets[place]) }
        for place in callers.indices { callers[place].add(other.callers[place]) }
        for (outcome, tally) in other.outcomes { outcomes[place(of: outcome)].tally.add(tally) }
        lateness.add(other.lateness)
        waiting.add(other.waiting)
        warmUpRequests += other.warmUpRequests
        receivedBytes += other.receivedBytes
        sentBytes += other.sentBytes
        lastAnswerNanoseconds = max(lastAnswerNanoseconds, other.lastAnswerNanoseconds)
    }

    private mutating func place(of outcome: Outcome) -> Int {
        if let known = outcomes.firstIndex(where: { $0.outcome == outcome }) { return known }
        if outcomes.count >= Self.outcomesMax, case .answered(let status, .some) = outcome {
            return place(of: .answered(status: status, code: nil))
        }
        outcomes.append((outcome, Tally()))
        return outcomes.count - 1
    }
}
