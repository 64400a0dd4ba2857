/// What happened between two looks at a run.
package struct IntervalTally: Sendable {
    package internal(set) var tally = Tally()
    /// Requests under way when it ended, those that wait for a connection among them.
    package internal(set) var inFlight = 0

    package init() {}

    mutating func add(_ other: IntervalTally) {
        tally.add(other.tally)
        inFlight += other.inFlight
    }
}
