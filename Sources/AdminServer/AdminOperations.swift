/// The node behind the admin API.
///
/// Called on an event loop of the admin plane: an implementation must not block it. Who asks may do what is asked for.
package protocol AdminOperations: Sendable {
    /// Tells something.
    func read(_ read: AdminRead) async -> AdminReply
    /// Does something.
    func act(_ action: AdminAction) async -> AdminReply
}
