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
                requestsPerSecond: 1e6, nodes: 200, buckets: buckets, setting: setting, callsPerLeasedBucket: 50
            ).callsPerSecond
        }
        #expect(calls(.strict, buckets: 10) == 1e6 && calls(.local, buckets: 10) == 0)
        #expect(calls(.leased, buckets: 1) == 10_000 && calls(.leased, buckets: 20) == 200_000)
        // 5,000 a second of a node over 100 buckets are 50 each: cold, and asked for each request.
        #expect(calls(.leased, buckets: 100) == 1e6)
    }

    @Test("a bucket is of one server")
    func shards() {
        let demand = RedisDemand(
            requestsPerSecond: 1e6, nodes: 200, buckets: 1, setting: .strict, callsPerLeasedBucket: 50)
        #expect(demand.shards(microsecondsPerCall: 6, utilisation: 0.6) == nil)
        var many = demand
        many.buckets = 1_000
        #expect(many.shards(microsecondsPerCall: 6, utilisation: 0.6) == 10)
    }

    /// One node is measured, three are predicted, and three are measured.
    @Test(
        "one node's costs predict what three nodes answer, within 15 %",
        .enabled(if: MeasuredCluster.isPossible, "needs INTENTUSNET_SOAK, redis-server and nginx"),
        arguments: MeasuredCluster.Limit.allCases)
    func prediction(limit: MeasuredCluster.Limit) async throws {
        // At the edge of what it can, as the three will be: a loop that is woken for each request spends twice as much on it.
        let one = try await MeasuredCluster.measure(nodes: 1, limit, rate: 30_000)
        let three = try await MeasuredCluster.measure(nodes: 3, limit)
        // What others took of the machine meanwhile was not there for these.
        let cores = Double(ProcessInfo.processInfo.activeProcessorCount) - three.foreignCores
        let model = CapacityModel(
            [
                .init("gateways", microsecondsPerRequest: one.gateway, cores: 3),
                .init("worker", microsecondsPerRequest: one.worker, cores: 1),
                .init("Redis", microsecondsPerRequest: one.redis, cores: 1),
                .init("generator", microsecondsPerRequest: one.generator, cores: 1),
            ], sharedCores: cores)
        let predicted = model.limit
        let ratio = three.answeredPerSecond / predicted.requestsPerSecond
        print("capacity, \(limit): one node \(one); three nodes \(three)")
        print(
            "capacity, \(limit): predicted \(Int(predicted.requestsPerSecond))/s (\(predicted.part)), measured "
                + "\(Int(three.answeredPerSecond))/s, ratio \(ratio)")
        #expect((0.85...1.15).contains(ratio))
    }
}
