import RedisFixtures

@testable import RedisState

/// The ways in which the stores meet a real Redis.
enum RedisForm: CaseIterable, Sendable {
    /// One server, by the smallest client.
    case plain
    /// One server, by the client of a node.
    case standalone
    /// A master and its replica under three sentinels, by the client of a node.
    case sentinel
    /// Three masters with a replica each, by the client of a node.
    case cluster

    /// Those that a node knows.
    static let ofNodes: [RedisForm] = [.standalone, .sentinel, .cluster]
}

/// The servers of every form, started when they are first asked for and shared by all suites that break none of them.
actor SharedServers {
    static let all = SharedServers()

    private var standalone: Task<RedisServer, any Error>?
    private var sentinels: Task<SentinelSet, any Error>?
    private var cluster: Task<RedisCluster, any Error>?

    /// The masters that hold the data, and what a client needs to find them.
    func place(_ form: RedisForm) async throws -> (masters: [RedisServer], settings: RedisSettings) {
        switch form {
        case .plain, .standalone:
            let task = standalone ?? Task { try await blocking { try RedisServer.started() } }
            standalone = task
            let server = try await task.value
            return ([server], .standalone(server.port))
        case .sentinel:
            let task = sentinels ?? Task { try await blocking { try SentinelSet() } }
            sentinels = task
            let set = try await task.value
            return ([set.servers[0]], .sentinels(set.sentinelPorts, name: set.masterName))
        case .cluster:
            let task = cluster ?? Task { try await blocking { try RedisCluster() } }
            cluster = task
            let cluster = try await task.value
            return (try await blocking { try cluster.masters() }, .cluster(cluster.ports))
        }
    }
}
