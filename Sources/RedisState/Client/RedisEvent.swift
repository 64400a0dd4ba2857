/// What a client tells whoever writes the log; the same thing is told once, until it changes.
package enum RedisEvent: Sendable, Hashable {
    /// A connection is ready.
    case connected(RedisAddress)
    /// A connection that was ready has ended.
    case lost(RedisAddress, reason: String)
    /// No connection could be made.
    case unreachable(String, reason: String)
    /// The master, or the map of the cluster, is another now.
    case topologyChanged(String)
}
