/// What a listener tells its operator.
package enum ServerNotice: Sendable, Hashable {
    /// The system had no connection to give so often since the last notice of the kind; the text is its reason.
    case acceptFailed(count: Int, reason: String)
    /// A client was refused in its handshake for what its certificates say.
    case certificateRefused(RefusedCertificate, peer: String)
    /// The listener has ended though nobody ended it: the node accepts nothing any more.
    case listenerEnded
}
