import Foundation
import RedisFixtures
import Testing

/// The cluster that `make cluster` starts.
@Suite("The cluster on this machine", .serialized, .enabled(if: RedisServer.isInstalled))
struct ClusterDemonstrationTests {
    private static let script = ChildProcess.root.appending(path: "Tests/Tools/cluster").path

    @Test("three gateways know each other and four agents, answer a load, and end with the time that was given")
    func view() async throws {
        let (code, text) = try await ChildProcess.run(
            "python3", [Self.script, ChildProcess.intentusnet, "--seconds", "9"], withinSeconds: 120)
        #expect(code == 0, "\(text)")
        #expect(text.contains("curl -sS -i https://127.0.0.1:"), "\(text)")
        let last = text.components(separatedBy: "intentusnet cluster, ").last ?? ""
        #expect(last.contains("3 of 3 gateways"), "\(text)")
        for name in ["g1", "g2", "g3"] {
            let row = last.split(separator: "\n").first { $0.hasPrefix("\(name) ") } ?? ""
            #expect(row.contains(#/pid \d+ .* shared +3$/#), "\(text)")
        }
        for agent in ["summarizer", "translator", "classifier", "archiver"] {
            let row = last.split(separator: "\n").first { $0.hasPrefix("\(agent) ") } ?? ""
            #expect(row.contains("3 of 3 gateways") && row.hasSuffix("1          healthy"), "\(text)")
        }
        #expect(last.contains(#/tenant-limit initech +[#.]{20}/#), "\(text)")
        #expect(last.contains(#/OUTCOMES of the last 2 s: \d+ × 200/#), "\(text)")
        #expect(!text.contains("Traceback"), "\(text)")
    }

    @Test("killed, a gateway is shown as ended and the others go on; SIGTERM ends all by their ids")
    func kill() async throws {
        let cluster = try ChildProcess("python3", [Self.script, ChildProcess.intentusnet])
        var children: [Int32] = []
        try await cluster.stopped {
            try await eventually("three gateways; it said: \(cluster.text)", 60) {
                cluster.text.contains("3 of 3 gateways") || !cluster.isRunning
            }
            children = cluster.text.matches(of: #/pid (\d+)/#).compactMap { Int32($0.1) }
            let victim = try #require(
                cluster.text.firstMatch(of: #/kill -9 (\d+) \(gateway g2/#).flatMap { Int32($0.1) }, "\(cluster.text)")
            #expect(children.contains(victim))
            Foundation.kill(victim, SIGKILL)
            try await eventually("two gateways; it said: \(cluster.text)") {
                cluster.text.contains(#/g2 .*ended \(-9\)/#) && cluster.text.contains("2 of 3 gateways")
            }
            Foundation.kill(cluster.processId, SIGTERM)
            #expect(try await cluster.exitCode() == 0)
        }
        for child in children { #expect(Foundation.kill(child, 0) != 0, "process \(child) is still there") }
    }
}
