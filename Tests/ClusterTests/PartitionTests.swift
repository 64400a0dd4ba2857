import LoadClient
import RedisFixtures
import Testing

/// One gateway is cut off from Redis; the others are not.
@Suite("A partition", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct PartitionTests {
    @Test("the gateway with most of the load cannot reach Redis for a while")
    func partition() async throws {
        let network = try? await offPool { try SplitNetwork() }
        let run = FaultRun(
            name: "one gateway cut off by \(network == nil ? "a proxy" : "its network namespace")", nodes: 1)
        run.check(
            try await offPool {
                if let network { return try Self.run(run, network) }
                return try Self.runWithProxy(run)
            })
    }

    private static func run(_ run: FaultRun, _ network: SplitNetwork) throws -> FaultRun.Outcome {
        var options = RedisServerOptions()
        options.lines = ["bind 127.0.0.1 \(network.storeHost)"]
        let redis = try RedisServer.started(options)
        var places = Array(repeating: GatewayCluster.Place(store: redis.store), count: 3)
        places[0] = GatewayCluster.Place(
            store: GatewayCluster.store(host: network.storeHost, port: redis.port), host: network.there,
            workerHost: network.here, prefix: network.prefix)
        let cluster = try GatewayCluster(places, limits: FaultRun.limits)
        defer { cluster.stop() }
        try cluster.start([0, 1, 2])
        return try run.run(cluster, hurt: { try network.cut() }, heal: { try network.mend() })
    }

    private static func runWithProxy(_ run: FaultRun) throws -> FaultRun.Outcome {
        let redis = try RedisServer.started()
        let proxy = try FaultProxy(to: redis.port)
        var places = Array(repeating: GatewayCluster.Place(store: redis.store), count: 3)
        places[0].store = GatewayCluster.store(port: proxy.port)
        let cluster = try GatewayCluster(places, limits: FaultRun.limits)
        defer { cluster.stop() }
        try cluster.start([0, 1, 2])
        return try run.run(cluster, hurt: { proxy.blackhole() }, heal: { proxy.pass() })
    }
}
