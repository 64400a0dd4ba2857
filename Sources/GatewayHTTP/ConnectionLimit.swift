/// A limit on connections; the raw value is the stable name for metrics.
package enum ConnectionLimit: String, Sendable, CaseIterable {
    /// Of the listener.
    case all
    /// Of one peer.
    case peer
}
