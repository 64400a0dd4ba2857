extension LeaseBook {
    /// The tokens of a bucket that this node has taken and not yet spent.
    package func heldTokens(of key: BucketKey) -> Int {
        with(key) { $0.entries[key]?.heldTokens ?? 0 }
    }
}
