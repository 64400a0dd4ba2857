extension RedisCheck {
    /// Asks every sentinel who is master, then looks at the master that most of them name.
    func sentinels(_ addresses: [RedisAddress], _ name: String) async -> RedisReport {
        var report = RedisReport()
        var votes: [RedisAddress: Int] = [:]
        for address in addresses {
            do throws(RedisConnector.Fault) {
                let (master, others) = try await opinion(of: address, name)
                votes[master, default: 0] += 1
                report.lines.append("sentinel \(address): master '\(name)' is \(master), \(others)")
            } catch {
                report.lines.append("sentinel \(address): \(error.reason)")
                report.warning(
                    "store.redis.sentinel, \(address): \(error.reason); \(Self.remedy(error.reason)), and compare "
                        + "masterName with 'sentinel monitor' in the sentinel's file")
            }
        }
        guard let master = votes.max(by: { $0.value < $1.value })?.key else {
            report.error(
                "store.redis.sentinel: no sentinel names a master '\(name)'; nothing can be shared until one does")
            return report
        }
        if votes.count > 1 {
            report.warning(
                "store.redis.sentinel: the sentinels name different masters; wait for a failover to end, or make them "
                    + "watch the same one")
        }
        report.add(await server(master, as: .master, place: "store.redis.sentinel"))
        return report
    }

    /// The master that a sentinel names, and what it knows of replicas and other sentinels.
    private func opinion(
        of address: RedisAddress, _ name: String
    ) async throws(RedisConnector.Fault) -> (RedisAddress, String) {
        let connection = try await connector.connect(to: address, as: .sentinel)
        defer { connector.close(connection, "done") }
        let master = try await SentinelWatch.master(on: connection, by: connector, named: name)
        // Helpful, and not needed: a user of the sentinel may not ask for it.
        guard case .success(let reply) = await ask(connection, CommandWords("SENTINEL", "MASTER", name)) else {
            return (master, "replicas and quorum are not told to this user")
        }
        let fields = Self.fields(reply)
        let (replicas, others) = (fields["num-slaves"] ?? "?", fields["num-other-sentinels"] ?? "?")
        return (master, "\(replicas) replicas, \(others) other sentinels, quorum \(fields["quorum"] ?? "?")")
    }

    /// A flat list of names and values.
    private static func fields(_ reply: RedisValue) -> [String: String] {
        let texts = (reply.array ?? []).map { $0.text ?? "" }
        return stride(from: 0, to: texts.count - 1, by: 2).reduce(into: [:]) { $0[texts[$1]] = texts[$1 + 1] }
    }
}
