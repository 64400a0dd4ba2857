/// The times of a shared directory.
package struct SharedDirectoryTiming: Sendable, Hashable {
    /// The longest time between two looks at the store when no notice comes.
    package var pullMilliseconds: Int64 = 1_000
    /// The least time between two looks when notices come one after another.
    package var pullMillisecondsMin: Int64 = 20
    /// How long the store must have answered before a node takes out what was not renewed.
    package var sweepAfterMilliseconds: Int64 = 5_000
    /// How long instances stay that the store lost, unless a heartbeat brings them back.
    package var lingerMilliseconds: Int64 = 20_000
    /// How long the last known directory stands for a store that does not answer; then instances without heartbeats to
    /// this node leave.
    package var keepMilliseconds: Int64 = 900_000
    /// What those instances still get then.
    package var lapseMilliseconds: Int64 = 60_000
    /// Registrations that are written at the same time after an outage.
    package var writesAtOnce = 64

    /// The values above.
    package init() {}
}
