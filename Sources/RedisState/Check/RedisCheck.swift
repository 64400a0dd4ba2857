package import NIOCore

/// Looks at a Redis as a node would use it: the same settings, the same greeting, the same scripts.
///
/// It writes nothing: what a user may do is found out by commands that Redis checks and then has nothing to do for.
package struct RedisCheck: Sendable {
    let connector: RedisConnector
    let settings: RedisSettings
    let names: KeyNames
    let budgetMilliseconds: Int64
    let unixNanoseconds: @Sendable () -> Int64

    /// Makes a check.
    ///
    /// - Parameters:
    ///   - keyPrefix: what every key of the cluster begins with.
    ///   - budgetMilliseconds: how long a request waits for Redis.
    ///   - unixNanoseconds: this machine's wall clock.
    package init(
        settings: RedisSettings, keyPrefix: String, budgetMilliseconds: Int64, eventLoop: any EventLoop,
        unixNanoseconds: @escaping @Sendable () -> Int64
    ) {
        var settings = settings
        // They are looked at one by one.
        settings.scripts = []
        connector = RedisConnector(eventLoop: eventLoop, settings: settings, counters: RedisCounters())
        self.settings = settings
        names = KeyNames(prefix: keyPrefix)
        self.budgetMilliseconds = budgetMilliseconds
        self.unixNanoseconds = unixNanoseconds
    }

    /// Looks at everything; takes seconds where servers do not answer.
    package func run() async -> RedisReport {
        switch settings.topology {
        case .standalone(let address): await standalone(address)
        case .sentinel(let addresses, let name): await sentinels(addresses, name)
        case .cluster(let seeds): await cluster(seeds)
        }
    }

    private func standalone(_ address: RedisAddress) async -> RedisReport {
        var report = RedisReport()
        report.lines.append("standalone server \(address)")
        report.add(await server(address, as: .master, place: "store.redis.url"))
        return report
    }

    /// Asks on a connection, within the time of a connection's greeting.
    func ask(_ connection: RedisConnection, _ words: CommandWords) async -> RedisConnection.Reply {
        await connector.ask(connection, words, withinMilliseconds: settings.connectTimeoutMilliseconds)
    }

    /// What to do about a connection that cannot be made.
    static func remedy(_ reason: String) -> String {
        let reason = reason.lowercased()
        if reason.contains("noperm") { return "give the user what every connection begins with: +ping" }
        if reason.contains("password") || reason.contains("username") {
            return "correct username and passwordFile, or the user at the server"
        }
        if ["tls", "ssl", "certificate", "handshake"].contains(where: { reason.contains($0) }) {
            return "use rediss:// and tls.caFile exactly where the server speaks TLS"
        }
        if reason.contains("not a node of a cluster") {
            return "list nodes of a Redis Cluster, and give the user +cluster|slots"
        }
        if reason.contains("does not answer") { return "look at the server: it hangs, or it has too much to do" }
        if reason.contains("replica") { return "name the master, or its sentinels under store.redis.sentinel" }
        return "correct the address, or start the server there"
    }
}
