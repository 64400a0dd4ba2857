import Foundation
import RedisFixtures
import Testing

/// Redis fails in each of its ways under a steady load: nobody hangs, nobody gets a 5xx but those whose proof nobody can check, limits
/// hold as they can.
@Suite(
    "Faults of the shared store", .serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct FaultTests {
    @Test("Redis is killed and started again without its data")
    func killed() async throws {
        let run = FaultRun(name: "Redis killed and restarted", forgets: true, signing: try SigningClients())
        run.check(
            try await offPool {
                let redis = try RedisServer.started()
                let cluster = try run.signingCluster(store: redis.store)
                defer { cluster.stop() }
                return try run.run(cluster, hurt: { redis.kill9() }, heal: { try redis.start() })
            })
    }

    @Test("Redis hangs for a while")
    func frozen() async throws {
        let run = FaultRun(name: "Redis frozen", signing: try SigningClients())
        run.check(
            try await offPool {
                let redis = try RedisServer.started()
                let cluster = try run.signingCluster(store: redis.store)
                defer { cluster.stop() }
                return try run.run(cluster, hurt: { redis.freeze() }, heal: { redis.thaw() })
            })
    }

    @Test("the clocks of two gateways are 90 seconds off, one either way, while Redis hangs")
    func clock() async throws {
        let run = FaultRun(name: "clocks 90 s off, Redis frozen")
        run.check(
            try await offPool {
                let redis = try RedisServer.started()
                let clock = try ShiftedClock()
                var places = Array(repeating: GatewayCluster.Place(store: redis.store), count: 3)
                places[0].prefix = clock.prefix(offsetSeconds: 90)
                places[1].prefix = clock.prefix(offsetSeconds: -90)
                let cluster = try GatewayCluster(places, limits: FaultRun.limits)
                defer { cluster.stop() }
                try cluster.start([0, 1, 2])
                let dates = try [0, 1].map { try #require(cluster.startDate(of: $0), "\(cluster.log(of: $0))") }
                let skew = dates[0].timeIntervalSince(dates[1])
                #expect((170...190).contains(skew), "the dates of the two are \(skew) s apart")
                return try run.run(cluster, hurt: { redis.freeze() }, heal: { redis.thaw() })
            })
    }

    @Test("Sentinel puts a replica in the place of the master")
    func sentinel() async throws {
        let run = FaultRun(
            name: "Sentinel failover", forgets: true, isSteady: false, faultMilliseconds: 1_000)
        run.check(
            try await offPool {
                let set = try SentinelSet()
                let addresses = set.sentinelPorts.map { #""127.0.0.1:\#($0)""# }.joined(separator: ", ")
                let store = GatewayCluster.store("sentinel: [\(addresses)], masterName: \(set.masterName)")
                let cluster = try GatewayCluster.started(3, store: store, limits: FaultRun.limits)
                defer { cluster.stop() }
                let master = try set.currentMaster()
                return try run.run(
                    cluster, hurt: { master.kill9() },
                    heal: {
                        try Deadline.wait(for: "another master", milliseconds: Deadline.agreementMilliseconds) {
                            try set.currentMaster().port != master.port
                        }
                    })
            })
    }

    @Test("the master of a Redis Cluster that holds the buckets is killed")
    func clusterMaster() async throws {
        let run = FaultRun(
            name: "cluster master killed", forgets: true, isSteady: false, faultMilliseconds: 1_000)
        run.check(
            try await offPool {
                let redis = try RedisCluster()
                let addresses = redis.ports.map { #""127.0.0.1:\#($0)""# }.joined(separator: ", ")
                let store = GatewayCluster.store("cluster: [\(addresses)]")
                let cluster = try GatewayCluster.started(3, store: store, limits: FaultRun.limits)
                defer { cluster.stop() }
                return try run.run(
                    cluster,
                    hurt: {
                        let masters = try redis.masters()
                        let holders = try masters.filter { master in
                            try master.order("KEYS", "intentusnet:bucket:*leased*").array?.isEmpty == false
                        }
                        try #require(holders.first, "no master holds the bucket").kill9()
                    }, heal: { try redis.waitUntilHealthy() })
            })
    }
}
