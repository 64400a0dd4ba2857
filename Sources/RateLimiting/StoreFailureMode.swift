/// What holds for a limit while the shared store cannot be asked.
package enum StoreFailureMode: String, Sendable, Hashable, CaseIterable {
    /// This node's share: rate and burst divided by the nodes that live.
    case local
    /// Nothing passes.
    case deny
    /// Everything passes, uncounted.
    case allow
}
