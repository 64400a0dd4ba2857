import Foundation
import NIOPosix

@testable import RedisState

/// The ways in which the stores meet a real Redis.
enum RedisForm: CaseIterable, Sendable {
    /// One server, by the smallest client.
    case plain
    /// One server, by the client of a node.
    case standalone
    /// A cluster of one node, which refuses a script that touches two slots, by the client of a node.
    case cluster
}

/// A real Redis in one of its forms, ended with its process.
final class RedisUnderTest: Sendable {
    let server: RedisServerProcess
    let admin: SocketRedis
    let commands: any RedisCommands
    let subscriptions: any RedisSubscriptions
    private let client: RedisClient?

    init(_ form: RedisForm) async throws {
        let file = "nodes-\(UUID().uuidString).conf"
        let isCluster = form == .cluster
        server = try RedisServerProcess(
            arguments: isCluster
                ? [
                    "--cluster-enabled", "yes", "--cluster-config-file", file, "--cluster-port",
                    "\(try SocketRedis.freePort())",
                ] : [])
        admin = try SocketRedis(port: server.port)
        if isCluster {
            try admin.roundTrip(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])
            let admin = admin
            let isUp = await eventually {
                (try? admin.roundTrip(["CLUSTER", "INFO"]))?.text?.contains("cluster_state:ok") == true
            }
            try? FileManager.default.removeItem(
                at: FileManager.default.temporaryDirectory.appending(path: file))
            guard isUp else { throw SocketRedis.Failure("the cluster does not come up") }
        }
        guard form != .plain else {
            commands = admin
            subscriptions = SocketSubscriptions(port: server.port)
            client = nil
            return
        }
        let address = RedisAddress(host: "127.0.0.1", port: Int(server.port))
        let settings = RedisSettings(topology: isCluster ? .cluster([address]) : .standalone(address))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let client = RedisClient(eventLoop: loop, settings: settings, counters: RedisCounters(), onEvent: { _ in })
        guard await client.start(waitingMilliseconds: 5_000) else {
            throw SocketRedis.Failure("the client does not connect")
        }
        commands = client
        subscriptions = RedisSubscriber(eventLoop: loop, settings: settings, counters: RedisCounters())
        self.client = client
    }

    func close() async {
        await client?.close()
        server.end()
    }
}
