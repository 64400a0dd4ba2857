import Foundation
import LoadGenerator
import RedisFixtures
import Testing

@Suite("The capacity model", .serialized)
struct CapacityModelTests {
    @Test("the part that is used up first is the limit")
    func limit() {
        var model = CapacityModel([
            .init("gateways", microsecondsPerRequest: 25, cores: 3),
            .init("Redis", microsecondsPerRequest: 10, cores: 1),
        ])
        #expect(model.limit.requestsPerSecond == 100_000 && model.limit.part == "Redis")
        model.sharedCores = 2
        #expect(abs(model.limit.requestsPerSecond - 2e6 / 35) < 1e-6 && model.limit.part == "machine")
    }

    @Test("leases ask by node and bucket, strict limits by request")
    func demand() {
        func calls(_ setting: RedisDemand.Setting, buckets: Int) -> Double {
            RedisDemand(
                requestsPerSecond: 1e6, nodes: 200, buckets: buckets, setting: setting, callsPerLeasedBucket: 50,
                idleCallsPerNode: 0
            ).callsPerSecond
        }
        #expect(calls(.strict, buckets: 10) == 1e6 && calls(.local, buckets: 10) == 0)
        #expect(calls(.leased, buckets: 1) == 10_000 && calls(.leased, buckets: 20) == 200_000)
        // 5,000 a second of a node over 100 buckets are 50 each: cold, and asked for each request.
        #expect(calls(.leased, buckets: 100) == 1e6)
        var idle = RedisDemand(
            requestsPerSecond: 0, nodes: 200, buckets: 1, setting: .local, callsPerLeasedBucket: 50, idleCallsPerNode: 3
        )
        #expect(idle.callsPerSecond == 600 && idle.shards(microsecondsPerCall: 6, utilisation: 0.6) == 1)
        idle.setting = .strict
        #expect(idle.callsPerSecond == 600)
    }

    @Test("a bucket is of one server")
    func shards() {
        let demand = RedisDemand(
            requestsPerSecond: 1e6, nodes: 200, buckets: 1, setting: .strict, callsPerLeasedBucket: 50,
            idleCallsPerNode: 0)
        #expect(demand.shards(microsecondsPerCall: 6, utilisation: 0.6) == nil)
        var many = demand
        many.buckets = 1_000
        #expect(many.shards(microsecondsPerCall: 6, utilisation: 0.6) == 10)
    }

    /// One node is measured, three are predicted, and three are measured; in turn, for a machine is not always as quick.
    @Test(
        "one node's costs predict what three nodes answer, within 15 %",
        .enabled(if: MeasuredCluster.isPossible, "\(MeasuredCluster.needs)"),
        arguments: MeasuredCluster.Limit.allCases)
    func prediction(limit: MeasuredCluster.Limit) async throws {
        let cluster = try MeasuredCluster(limit)
        _ = try await cluster.measure(nodes: MeasuredCluster.nodes)
        var ratios: [Double] = []
        for _ in 0..<5 {
            let one = try await cluster.measure(nodes: 1)
            let three = try await cluster.measure(nodes: MeasuredCluster.nodes)
            let gateways = Double(MeasuredCluster.nodes) * MeasuredCluster.quota
            let predicted = CapacityModel([
                .init("gateways", microsecondsPerRequest: one.gateway, cores: gateways),
                .init("worker", microsecondsPerRequest: one.worker, cores: 1),
                .init("Redis", microsecondsPerRequest: one.redis, cores: 1),
            ]).limit
            ratios.append(three.answeredPerSecond / predicted.requestsPerSecond)
            print("capacity, \(limit): one node \(one); three \(three)")
            print("capacity, \(limit): predicted \(Int(predicted.requestsPerSecond))/s (\(predicted.part))")
            #expect(abs(three.limitCallsPerRequest - limit.callsPerRequest) < 0.03)
        }
        let ratio = ratios.sorted()[2]
        print("capacity, \(limit): measured of predicted \(ratio), the median of \(ratios)")
        #expect((0.85...1.15).contains(ratio))
    }

    @Test(
        "what one node asks Redis for a leased limit predicts what three ask, within 15 %: cold and hot",
        .enabled(if: MeasuredCluster.isPossible, "\(MeasuredCluster.needs)"), arguments: [100, 2_000])
    func asked(ratePerNode: Int) async throws {
        let cluster = try MeasuredCluster(.leased)
        _ = try await cluster.measure(nodes: MeasuredCluster.nodes)
        let one = try await cluster.measure(nodes: 1, ratePerNode: ratePerNode)
        let three = try await cluster.measure(nodes: MeasuredCluster.nodes, ratePerNode: ratePerNode)
        let demand = RedisDemand(
            requestsPerSecond: three.answeredPerSecond, nodes: MeasuredCluster.nodes, buckets: 1, setting: .leased,
            callsPerLeasedBucket: one.limitCallsPerSecond, idleCallsPerNode: MeasuredCluster.idleCallsPerNode)
        print(
            "capacity, \(ratePerNode)/s a node: one asks \(one.callsPerSecond)/s, three \(three.callsPerSecond)/s, "
                + "predicted \(demand.callsPerSecond)/s")
        #expect((0.85...1.15).contains(three.callsPerSecond / demand.callsPerSecond))
    }
}

extension MeasuredCluster.Limit {
    /// What a request asks Redis at the edge of what a node can.
    fileprivate var callsPerRequest: Double { self == .strict ? 1 : 0 }
}
