/// A slot on its way from one master to another, held there as long as the test wants.
package struct SlotMove: Sendable {
    package let slot: Int
    package let source: RedisServer
    package let target: RedisServer
    private let cluster: RedisCluster

    init(slot: Int, from source: RedisServer, to target: RedisServer, in cluster: RedisCluster) throws {
        guard source.port != target.port else { throw FixtureError("port \(target.port) holds slot \(slot) already") }
        self.slot = slot
        self.source = source
        self.target = target
        self.cluster = cluster
        // In this order: a source that sends clients away before the target expects them would send them in circles.
        try target.order("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", cluster.identifier(of: source))
        try source.order("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", cluster.identifier(of: target))
    }

    /// Carries keys over.
    ///
    /// - Parameter limit: how many at most.
    /// - Returns: how many.
    @discardableResult
    package func migrateKeys(limit: Int = .max) throws -> Int {
        var moved = 0
        while moved < limit {
            let count = min(100, limit - moved)
            let found = try source.order("CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(count)").array ?? []
            let keys = found.compactMap(\.text)
            guard !keys.isEmpty else { break }
            let login = RedisLogin.fixture
            let words = [
                "MIGRATE", "127.0.0.1", "\(target.memberPort)", "", "0", "2000", "AUTH2", login.user, login.password,
            ]
            let reply = try source.cli(words + ["KEYS"] + keys)
            guard reply.error == nil else { throw FixtureError("slot \(slot) to port \(target.port): \(reply)") }
            moved += keys.count
        }
        return moved
    }

    /// Carries the rest over, gives the slot to the target, and waits until every running node knows.
    package func finish() throws {
        try migrateKeys()
        let owner = try cluster.identifier(of: target)
        // The target first: it takes a new epoch, so that no node's older word can undo it.
        for node in [target, source] { try node.order("CLUSTER", "SETSLOT", "\(slot)", "NODE", owner) }
        try cluster.waitUntilHealthy()
        guard try cluster.owner(ofSlot: slot).port == target.port else {
            throw FixtureError("slot \(slot) did not arrive at port \(target.port)")
        }
    }

    /// Leaves the slot where it was and carries back what was carried over; meanwhile the source answers without it.
    package func cancel() throws {
        // A source that still gives the slot away would refuse what comes back.
        try source.order("CLUSTER", "SETSLOT", "\(slot)", "STABLE")
        try SlotMove(reversing: self).migrateKeys()
        try target.order("CLUSTER", "SETSLOT", "\(slot)", "STABLE")
    }

    private init(reversing move: SlotMove) {
        (slot, source, target, cluster) = (move.slot, move.target, move.source, move.cluster)
    }
}
