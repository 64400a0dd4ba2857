/// How the nodes come together, and when they are of one mind.
extension RedisCluster {
    /// Gives the first nodes the slots and the others a master each.
    func join(masters count: Int) throws {
        for (index, node) in nodes.enumerated() {
            // Epochs that differ from the start: nodes that find the same one change it, at a moment of their own.
            try node.order("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
            guard index < count else { continue }
            let (first, end) = (Self.slotCount * index / count, Self.slotCount * (index + 1) / count)
            try node.order("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(end - 1)")
        }
        for node in nodes.dropFirst() { try nodes[0].order("CLUSTER", "MEET", "127.0.0.1", "\(node.memberPort)") }
        let all = Set(nodes.map(\.port))
        try Deadline.wait(for: "the nodes to meet", milliseconds: Deadline.agreementMilliseconds) {
            try nodes.allSatisfy { node in
                let lines = try view(of: node)
                return Set(lines.map(\.port)) == all && lines.allSatisfy { $0.isSettled }
            }
        }
        let identifiers = try nodes.prefix(count).map { try identifier(of: $0) }
        for (index, node) in nodes.enumerated().dropFirst(count) {
            try node.order("CLUSTER", "REPLICATE", identifiers[index % count])
        }
    }

    /// - Throws: `FixtureError` with the first thing that is not as it should be.
    func checkHealth() throws {
        let runningNodes = nodes.filter(\.isRunning)
        let runningPorts = Set(runningNodes.map(\.port))
        var first: [ClusterNodeLine.Ownership]?
        for node in runningNodes {
            let info = try node.order("CLUSTER", "INFO").infoFields
            guard info["cluster_state"] == "ok", info["cluster_slots_ok"] == "\(Self.slotCount)",
                info["cluster_known_nodes"] == "\(nodes.count)"
            else { throw FixtureError("port \(node.port) sees \(info)") }
            let lines = try view(of: node)
            let owners = lines.filter { $0.isMaster && !$0.slots.isEmpty }.map(\.ownership).sorted { $0.port < $1.port }
            guard owners.allSatisfy({ runningPorts.contains($0.port) }) else {
                throw FixtureError("port \(node.port) sees slots at a node that is down: \(owners)")
            }
            guard first == nil || first == owners else {
                throw FixtureError("port \(node.port) sees other owners than others do: \(owners)")
            }
            first = owners
            let bad = lines.filter { runningPorts.contains($0.port) && !$0.isSettled }
            guard bad.isEmpty else { throw FixtureError("port \(node.port) does not trust \(bad)") }
        }
        try checkLinks(among: runningNodes)
    }

    private func checkLinks(among nodes: [RedisServer]) throws {
        let replication = try nodes.map { try $0.info("replication") }
        for (node, info) in zip(nodes, replication) {
            guard info["role"] == "master" || info["master_link_status"] == "up" else {
                throw FixtureError("the replica at port \(node.port) is not linked")
            }
            let replicas = replication.filter { $0["master_port"] == "\(node.memberPort)" }
            if !replicas.isEmpty { try node.waitForReplicas(replicas.count) }
        }
    }
}
