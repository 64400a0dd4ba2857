/// A master, its replicas and the sentinels that watch them, on ports of 127.0.0.1 and with short times.
///
/// A sentinel calls a server down after a second (less makes a busy machine fail over) and may try a failover again after four.
package final class SentinelSet: Sendable {
    package let masterName: String
    /// The first is the master at the start.
    package let servers: [RedisServer]
    package let sentinels: [RedisServer]

    /// Starts everything and waits until the sentinels know each other and the replicas.
    ///
    /// - Parameters:
    ///   - replicas: how many.
    ///   - options: for the servers; their TLS holds for the sentinels too, and among all.
    ///   - sentinelPassword: what clients of the sentinels must show.
    /// - Throws: `FixtureError` with what does not agree.
    package init(
        replicas: Int = 1, options: RedisServerOptions = RedisServerOptions(), sentinelPassword: String? = nil,
        masterName: String = "mymaster"
    ) throws {
        self.masterName = masterName
        let master = try RedisServer(options)
        var replicaOptions = options
        replicaOptions.lines.append("replicaof 127.0.0.1 \(master.memberPort)")
        servers = [master] + (try (0..<replicas).map { _ in try RedisServer(replicaOptions) })
        let file = SentinelFile(
            masterName: masterName, masterPort: master.memberPort, quorum: 2, password: sentinelPassword,
            tls: options.tls)
        sentinels = try (0..<3).map { _ in
            try RedisServer(tls: options.tls, arguments: ["--sentinel"]) {
                file.lines(port: $0, tlsPort: $1, folder: $2)
            }
        }
        try RedisServer.start(servers)
        // Sentinels learn of replicas from the master, and would otherwise do so later.
        try Deadline.wait(for: "the replicas", milliseconds: Deadline.startMilliseconds) {
            try master.waitForReplicas(replicas)
            return true
        }
        try RedisServer.start(sentinels)
        for sentinel in sentinels { try quicken(sentinel) }
        try waitUntilSettled()
    }

    /// Where clients find the sentinels; with TLS if the servers have it.
    package var sentinelPorts: [Int] { sentinels.map(\.memberPort) }

    /// The server that most of the running sentinels name.
    package func currentMaster() throws -> RedisServer {
        let named = sentinels.filter(\.isRunning).compactMap { try? masterPort(by: $0) }
        let counts = Dictionary(named.map { ($0, 1) }, uniquingKeysWith: +)
        guard let most = counts.max(by: { $0.value < $1.value }), most.value > sentinels.count / 2,
            let server = servers.first(where: { $0.memberPort == most.key })
        else { throw FixtureError("no majority of the sentinels names a master: \(named)") }
        return server
    }

    /// The servers that run and are not the master.
    package func currentReplicas() throws -> [RedisServer] {
        let master = try currentMaster()
        return servers.filter { $0.port != master.port && $0.isRunning }
    }

    /// Has a sentinel make a replica the master, while the old one lives and becomes a replica.
    ///
    /// - Returns: the new master, when all agree.
    @discardableResult
    package func failover() throws -> RedisServer {
        let old = try currentMaster()
        var isOrdered = false
        try Deadline.wait(for: "a failover on demand", milliseconds: Deadline.agreementMilliseconds) {
            if try currentMaster().port != old.port { return true }
            guard !isOrdered, let sentinel = sentinels.first(where: \.isRunning) else { return false }
            isOrdered = try sentinel.cli(["SENTINEL", "FAILOVER", masterName]).isOK
            return false
        }
        try waitUntilSettled()
        return try currentMaster()
    }

    /// Kills the master and waits until the sentinels have made another.
    ///
    /// - Returns: the killed one, which `start` brings back as a replica, and the new master.
    @discardableResult
    package func killMaster() throws -> (killed: RedisServer, master: RedisServer) {
        let old = try currentMaster()
        old.kill9()
        try Deadline.wait(for: "another master", milliseconds: Deadline.agreementMilliseconds) {
            try currentMaster().port != old.port
        }
        try waitUntilSettled()
        return (old, try currentMaster())
    }

    /// Waits until all running sentinels name one running master, know all servers and each other, have a quorum, and
    /// every other running server has what was written to it.
    package func waitUntilSettled() throws {
        try Deadline.wait(for: "the sentinels to agree", milliseconds: Deadline.agreementMilliseconds) {
            let master = try currentMaster()
            try demand(master.cli(["ROLE"]).array?.first?.text == "master", "port \(master.port) is no master")
            for sentinel in sentinels where sentinel.isRunning { try check(sentinel, names: master) }
            for replica in try currentReplicas() {
                let role = try replica.cli(["ROLE"]).array ?? []
                let isLinked =
                    role.count > 3 && role[0].text == "slave" && role[2].integer == master.memberPort
                    && role[3].text == "connected"
                try demand(isLinked, "port \(replica.port) is not linked to \(master.port): \(role)")
            }
            try master.waitForReplicas(currentReplicas().count)
            return true
        }
    }

    private func check(_ sentinel: RedisServer, names master: RedisServer) throws {
        let told = try sentinel.cli(["SENTINEL", "MASTER", masterName]).fields
        try demand(told["port"] == "\(master.memberPort)" && told["flags"] == "master", "\(sentinel.port) says \(told)")
        try demand(told["num-slaves"] == "\(servers.count - 1)", "\(sentinel.port) knows not all replicas")
        try demand(
            told["num-other-sentinels"] == "\(sentinels.count - 1)", "\(sentinel.port) knows not all sentinels")
        let quorum = try sentinel.cli(["SENTINEL", "CKQUORUM", masterName])
        try demand(quorum.text?.hasPrefix("OK") == true, "\(sentinel.port): \(quorum)")
    }

    private func masterPort(by sentinel: RedisServer) throws -> Int? {
        let address = try sentinel.cli(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName], timeoutMilliseconds: 500)
        return address.array?.last?.text.flatMap(Int.init)
    }

    /// Sentinels greet each other every two seconds and ask servers every ten: too slow for a test.
    private func quicken(_ sentinel: RedisServer) throws {
        try sentinel.order(
            "SENTINEL", "DEBUG", "INFO-PERIOD", "300", "PING-PERIOD", "200", "ASK-PERIOD", "200", "PUBLISH-PERIOD",
            "200", "TILT-PERIOD", "1000")
    }

    private func demand(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws {
        guard condition else { throw FixtureError(otherwise()) }
    }
}
