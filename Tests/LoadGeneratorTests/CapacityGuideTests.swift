import Foundation
import LoadGenerator
import Testing

@Suite("The capacity guide")
struct CapacityGuideTests {
    /// As measured by `CapacityModelTests`, rounded up.
    private static let callsPerLeasedBucket = 70.0
    private static let idleCallsPerNode = 3.0
    private static let microsecondsPerCall = 8.6
    private static let utilisation = 0.6

    private static func row(_ name: String, _ setting: RedisDemand.Setting, buckets: Int) -> String {
        let demand = RedisDemand(
            requestsPerSecond: 1_000_000, nodes: 200, buckets: buckets, setting: setting,
            callsPerLeasedBucket: callsPerLeasedBucket, idleCallsPerNode: idleCallsPerNode)
        let shards = demand.shards(microsecondsPerCall: microsecondsPerCall, utilisation: utilisation)
        let text = shards.map { "\($0)" } ?? "not possible: a bucket is of one server"
        return "| \(name) | \(buckets) | \(Int(demand.callsPerSecond)) | \(text) |"
    }

    @Test("what a million requests a second need of Redis is what the model says")
    func million() throws {
        let guide = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/intentusnet/intentusnet.docc/CapacityPlanning.md")
        let text = try String(contentsOf: guide, encoding: .utf8)
        let rows = [
            Self.row("none", .local, buckets: 1), Self.row("strict", .strict, buckets: 1),
            Self.row("strict", .strict, buckets: 1_000), Self.row("leased", .leased, buckets: 1),
            Self.row("leased", .leased, buckets: 10), Self.row("leased", .leased, buckets: 25),
            Self.row("leased", .leased, buckets: 100),
        ]
        for row in rows { #expect(text.contains(row), "the guide lacks: \(row)") }
    }
}
