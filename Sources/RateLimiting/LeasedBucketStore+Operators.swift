/// What operators do to single buckets of a cluster.
extension LeasedBucketStore {
    /// How the shared bucket stands, tokens that nodes hold ahead of use not counted; nil when the store does not answer.
    package func look(_ demand: BucketDemand) async -> BucketLook? {
        let ask = demand.ask(minimum: 0, wanted: 0, book.rules)
        guard case .decided(let grants, _) = await authority.take([ask]), let grant = grants.first else { return nil }
        return BucketLook(grant)
    }

    /// Fills the shared bucket, and forgets what this node remembers of a refusal; the other nodes forget theirs within a second.
    ///
    /// - Returns: how it stood before; nil when the store does not answer, and nothing was filled.
    package func reset(_ demand: BucketDemand) async -> BucketLook? {
        guard let before = await look(demand) else { return nil }
        // As much as fits is given back, at any age: the script cuts what is more than the burst.
        var ask = demand.ask(minimum: 0, wanted: -max(demand.limit.capacityTokens, 1), book.rules)
        ask.isShadow = false
        ask.returnsUntilMicroseconds = .max / 2_048
        guard case .decided = await authority.take([ask]) else { return nil }
        book.with(demand.key) { $0.entries[demand.key]?.forgetRefusal() }
        return before
    }
}

extension BucketLook {
    fileprivate init(_ grant: BucketGrant) {
        self.init(
            remainingTokens: grant.remainingTokens,
            fullAfterMilliseconds: (grant.fullAfterMicroseconds + 999) / 1_000)
    }
}
