/// A connection that the sweep of its event loop looks after, and that ends with its server.
protocol SweptConnection: AnyObject {
    /// By whom it was counted; nil when it was not counted by peer.
    var peer: PeerNetwork? { get }
    /// Monotonic nanoseconds at which its present phase has lasted too long.
    var deadlineNanoseconds: Int64 { get }

    /// Called by the sweep once the deadline has passed.
    func deadlinePassed()

    /// The server stops: what was not begun ends now, what was begun behind its answer.
    func drain()

    /// The time to drain is over.
    func forceClose()
}
