/// Masters and replicas of a Redis Cluster on ports of 127.0.0.1, with a node timeout of one second.
package final class RedisCluster: Sendable {
    package static let slotCount = 16_384

    package let nodes: [RedisServer]

    /// Starts the nodes, joins them, and waits until all of them see the whole cluster.
    ///
    /// - Parameters:
    ///   - masters: how many share the slots.
    ///   - replicasEach: how many replicas each has.
    ///   - options: for every node.
    /// - Throws: `FixtureError` with what does not agree.
    package init(
        masters: Int = 3, replicasEach: Int = 1, options: RedisServerOptions = RedisServerOptions()
    ) throws {
        var options = options
        options.lines = Self.lines + (options.tls == nil ? [] : ["tls-cluster yes"]) + options.lines
        nodes = try (0..<masters * (1 + replicasEach)).map { [options] _ in try RedisServer(options) }
        try RedisServer.start(nodes)
        try join(masters: masters)
        try waitUntilHealthy()
    }

    private static let lines = [
        "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 1000",
        "cluster-announce-ip 127.0.0.1", "cluster-replica-validity-factor 0",
        // A replica that changes its master by itself would make a test depend on the moment.
        "cluster-allow-replica-migration no", "repl-ping-replica-period 1",
    ]

    /// Where clients find the nodes; with TLS if the options have it.
    package var ports: [Int] { nodes.map(\.memberPort) }

    /// The masters that hold slots, in the order of their first slot.
    package func masters() throws -> [RedisServer] {
        try view().filter { $0.isMaster && !$0.slots.isEmpty }.sorted {
            $0.slots[0].lowerBound < $1.slots[0].lowerBound
        }
        .map { try node(port: $0.port) }
    }

    /// The running replicas of a master.
    package func replicas(of master: RedisServer) throws -> [RedisServer] {
        let view = try view()
        let identifier = view.first { $0.port == master.port }?.identifier
        return try view.filter { $0.masterIdentifier == identifier }.map { try node(port: $0.port) }.filter(\.isRunning)
    }

    /// The master that holds a slot.
    package func owner(ofSlot slot: Int) throws -> RedisServer {
        guard let line = try view().first(where: { $0.isMaster && $0.slots.contains { $0.contains(slot) } }) else {
            throw FixtureError("nobody holds slot \(slot)")
        }
        return try node(port: line.port)
    }

    /// The slot of a key.
    package func slot(of key: String) throws -> Int {
        try running().order("CLUSTER", "KEYSLOT", key).integer ?? 0
    }

    /// Ends a node at once; `start` on it brings it back.
    package func kill9(_ node: RedisServer) { node.kill9() }

    /// Kills a master and waits until a replica of it has its slots.
    ///
    /// - Returns: the new master.
    @discardableResult
    package func failover(killing master: RedisServer) throws -> RedisServer {
        guard let slot = try view().first(where: { $0.port == master.port })?.slots.first?.lowerBound else {
            throw FixtureError("port \(master.port) holds no slots")
        }
        master.kill9()
        try Deadline.wait(for: "a replica to take over", milliseconds: Deadline.agreementMilliseconds) {
            try owner(ofSlot: slot).port != master.port
        }
        try waitUntilHealthy()
        return try owner(ofSlot: slot)
    }

    /// Has a replica take over from its living master.
    ///
    /// - Returns: the new master.
    @discardableResult
    package func failover(of master: RedisServer) throws -> RedisServer {
        guard let replica = try replicas(of: master).first else {
            throw FixtureError("port \(master.port) has no replica")
        }
        try replica.order("CLUSTER", "FAILOVER")
        try Deadline.wait(for: "the planned failover", milliseconds: Deadline.agreementMilliseconds) {
            try replica.cli(["ROLE"]).array?.first?.text == "master"
        }
        try waitUntilHealthy()
        return replica
    }

    /// Moves a slot with its keys to another master.
    package func moveSlot(_ slot: Int, to target: RedisServer) throws {
        try beginMove(slot, to: target).finish()
    }

    /// Puts a slot into the state in which its old owner answers ASK for keys that it has not.
    package func beginMove(_ slot: Int, to target: RedisServer) throws -> SlotMove {
        try SlotMove(slot: slot, from: owner(ofSlot: slot), to: target, in: self)
    }

    /// Waits until every running node sees all slots served by running masters, all see the same, and the replicas that
    /// run have what was written to their masters.
    package func waitUntilHealthy() throws {
        try Deadline.wait(for: "a healthy cluster", milliseconds: Deadline.agreementMilliseconds) {
            try checkHealth()
            return true
        }
    }

    /// One running node, to ask.
    func running() throws -> RedisServer {
        guard let node = nodes.first(where: \.isRunning) else { throw FixtureError("no node of the cluster runs") }
        return node
    }

    func identifier(of node: RedisServer) throws -> String { try node.order("CLUSTER", "MYID").text ?? "" }

    private func node(port: Int) throws -> RedisServer {
        guard let node = nodes.first(where: { $0.port == port }) else {
            throw FixtureError("port \(port) is no node of this cluster")
        }
        return node
    }

    /// The cluster as a running node sees it.
    private func view() throws -> [ClusterNodeLine] { try view(of: running()) }

    func view(of node: RedisServer) throws -> [ClusterNodeLine] {
        try ClusterNodeLine.lines(of: node.order("CLUSTER", "NODES").text ?? "")
    }
}
