/// What a rule's limit does while the shared store cannot be asked.
package enum StoreFailureChoice: String, Sendable, Hashable, CaseIterable {
    /// Each gateway counts its own share.
    case local
    /// Nothing passes.
    case deny
    /// Everything passes, uncounted.
    case allow
}
