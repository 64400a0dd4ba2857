extension RedisCheck {
    /// Reads the map of the cluster at every configured node, then looks at each master.
    func cluster(_ seeds: [RedisAddress]) async -> RedisReport {
        var report = RedisReport()
        var map: ClusterMap?
        for seed in seeds {
            do throws(RedisConnector.Fault) {
                let seen = try await ClusterRefresher.read(from: seed, by: connector)
                if let map, !map.agrees(with: seen) {
                    report.warning(
                        "store.redis.cluster, \(seed): it sees other owners of slots than the node before; wait for a "
                            + "failover or a resharding to end")
                }
                map = map ?? seen
            } catch {
                report.warning(
                    "store.redis.cluster, \(seed): \(error.reason); \(Self.remedy(error.reason)), or take it out of the "
                        + "list")
            }
        }
        guard let map, !map.masters.isEmpty else {
            report.error("store.redis.cluster: no node that is listed tells who owns which slots; see the warnings")
            return report
        }
        let covered = SlotHash.slotCount - map.orphanCount
        report.lines.append(
            "cluster of \(map.masters.count) masters, \(covered) of \(SlotHash.slotCount) slots covered")
        if map.orphanCount > 0 {
            report.error(
                "store.redis.cluster: \(map.orphanCount) slots have no owner, and limits in them cannot be shared; "
                    + "assign them (redis-cli --cluster fix)")
        }
        for master in map.masters {
            report.add(
                await server(
                    master, as: .clusterNode, place: "store.redis.cluster", slotCount: map.slotCount(of: master)))
        }
        return report
    }
}
