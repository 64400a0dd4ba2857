import Synchronization

/// Asks sentinels who the master is, and notices when it is another.
final class SentinelWatch: Sendable {
    private let connector: RedisConnector
    private let addresses: [RedisAddress]
    private let masterName: String
    /// The master that was named last, and the place of the sentinel that is asked first.
    private let state = Mutex<(master: RedisAddress?, first: Int)>((nil, 0))

    init(connector: RedisConnector, addresses: [RedisAddress], masterName: String) {
        self.connector = connector
        self.addresses = addresses
        self.masterName = masterName
    }

    /// Who is master, by the first sentinel that answers; the one that answered last is asked first.
    func master() async -> Result<RedisAddress, RedisConnector.Fault> {
        let first = state.withLock { $0.first }
        var reasons: [Int: String] = [:]
        for place in addresses.indices.map({ ($0 + first) % addresses.count }) {
            do throws(RedisConnector.Fault) {
                let master = try await ask(addresses[place])
                state.withLock { $0 = (master, place) }
                return .success(master)
            } catch {
                reasons[place] = "sentinel \(addresses[place]): \(error.reason)"
            }
        }
        // In one order, whoever was asked first: what is told once must not look new.
        let all = addresses.indices.compactMap { reasons[$0] }.joined(separator: "; ")
        return .failure(RedisConnector.Fault(reason: all.isEmpty ? "no sentinel is configured" : all))
    }

    /// What the sentinel named is no master, or none any more: another one may know better, as one that was cut off does not.
    func doubt() {
        state.withLock { $0.first = ($0.first + 1) % max(addresses.count, 1) }
    }

    /// Looks at intervals until the task is cancelled; a sentinel that cannot be asked changes nothing.
    func watch(onChange: @Sendable (RedisAddress) -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(connector.settings.watchIntervalMilliseconds))
            guard !Task.isCancelled else { return }
            let before = state.withLock { $0.master }
            guard let before, case .success(let now) = await master(), now != before else { continue }
            onChange(now)
        }
    }

    private func ask(_ sentinel: RedisAddress) async throws(RedisConnector.Fault) -> RedisAddress {
        let connection = try await connector.connect(to: sentinel, as: .sentinel)
        defer { connector.close(connection, "done") }
        return try await Self.master(on: connection, by: connector, named: masterName)
    }

    /// The master that the sentinel at the other end names.
    static func master(
        on connection: RedisConnection, by connector: RedisConnector, named masterName: String
    ) async throws(RedisConnector.Fault) -> RedisAddress {
        let reply = await connector.ask(
            connection, CommandWords("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName),
            withinMilliseconds: connector.settings.connectTimeoutMilliseconds)
        switch reply {
        case .success(.null): throw RedisConnector.Fault(reason: "it watches no master named '\(masterName)'")
        case .success(let value):
            guard let fields = value.array, fields.count == 2, let host = fields[0].text, let port = fields[1].integer,
                (1...65_535).contains(port)
            else { throw RedisConnector.Fault(reason: "its reply names no address") }
            return RedisAddress(host: host, port: Int(port))
        case .failure(let failure): throw RedisConnector.Fault(reason: failure.description)
        }
    }
}
