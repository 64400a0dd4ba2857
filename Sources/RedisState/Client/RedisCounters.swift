import Synchronization

/// What the clients of a node count together, for metrics.
package final class RedisCounters: Sendable {
    /// A reading of the counts.
    package struct Reading: Sendable, Hashable {
        /// Commands sent.
        package var commands = 0
        /// Commands without a reply in time.
        package var timeouts = 0
        /// Error replies, redirections left out.
        package var refusals = 0
        /// Connections that became ready.
        package var connections = 0
        /// Connections that ended, and attempts that failed.
        package var losses = 0
        /// Redirections followed in a cluster.
        package var redirections = 0
        /// Commands refused because too many waited.
        package var overloads = 0
    }

    private let commands = Atomic(0)
    private let timeouts = Atomic(0)
    private let refusals = Atomic(0)
    private let connections = Atomic(0)
    private let losses = Atomic(0)
    private let redirections = Atomic(0)
    private let overloads = Atomic(0)

    /// Counts from zero.
    package init() {}

    /// The counts now.
    package var reading: Reading {
        var reading = Reading()
        reading.commands = commands.load(ordering: .relaxed)
        reading.timeouts = timeouts.load(ordering: .relaxed)
        reading.refusals = refusals.load(ordering: .relaxed)
        reading.connections = connections.load(ordering: .relaxed)
        reading.losses = losses.load(ordering: .relaxed)
        reading.redirections = redirections.load(ordering: .relaxed)
        reading.overloads = overloads.load(ordering: .relaxed)
        return reading
    }

    func countCommand() { commands.wrappingAdd(1, ordering: .relaxed) }
    func countTimeout() { timeouts.wrappingAdd(1, ordering: .relaxed) }
    func countRefusal() { refusals.wrappingAdd(1, ordering: .relaxed) }
    func countConnection() { connections.wrappingAdd(1, ordering: .relaxed) }
    func countLoss() { losses.wrappingAdd(1, ordering: .relaxed) }
    func countRedirection() { redirections.wrappingAdd(1, ordering: .relaxed) }
    func countOverload() { overloads.wrappingAdd(1, ordering: .relaxed) }
}
