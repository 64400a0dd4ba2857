/// What is worth a line in the log of a node that shares its directory, once at each change.
package enum SharedDirectoryEvent: Sendable, Hashable {
    /// The store does not answer: the last known directory stands, registrations are kept here.
    case lost(RedisFailure)
    /// It answers again, or for the first time.
    case found
    /// The last known directory stood as long as it may; instances that do not renew here leave.
    case lapsed
    /// What the store holds of an agent is not used; the text says why.
    case recordRejected(agent: String, reason: String)
    /// A registration of the time without the store belongs to another principal, or found no room, and was taken out.
    case registrationWithdrawn(agent: String, instance: String)
}

/// How a shared directory stands, for metrics.
package struct SharedDirectoryFigures: Sendable, Hashable {
    /// Whether the store does not answer.
    package var isAway = false
    /// Whether the whole directory was read and is followed since.
    package var isComplete = false
    /// Pages read.
    package var pulls = 0
    /// Complete readings.
    package var loads = 0
    /// How long the last complete reading took.
    package var lastLoadMilliseconds: Int64 = 0
    /// Agents that pages brought.
    package var agentsRead = 0
    /// Records that were not used.
    package var recordsRejected = 0
    /// Agents for which the directory had no room.
    package var agentsWithoutRoom = 0
    /// Questions that the store did not answer.
    package var failures = 0
    /// Registrations and departures that wait for the store.
    package var pending = 0
}
