import Foundation
import RedisFixtures

/// A server as a process that is stopped, as one is that its machine gives no time.
final class StoppableServer: Sendable {
    let url: String
    private let folder: PrivateFolder
    private let process: SpawnedProcess

    init() throws {
        folder = try PrivateFolder()
        let port = try FreePorts.next()
        url = "http://127.0.0.1:\(port)"
        process = try SpawnedProcess(
            try NginxServer.words(port, answer: "{}", in: folder), log: folder.file("nginx.log"))
        try Deadline.wait(for: "nginx", milliseconds: Deadline.startMilliseconds) {
            try PlainHTTP.get("/", port: port).hasPrefix("HTTP/1.1 200")
        }
    }

    deinit { process.kill9() }

    /// Stops it in the middle of each period but the first: whoever loads it has begun then.
    ///
    /// - Returns: how long each stop was, in milliseconds.
    func stopInTurn(_ stall: Stall) async throws -> [Double] {
        let start = ContinuousClock.now
        var stops: [Double] = []
        for period in 1..<Int(stall.periods) {
            let end = start + .milliseconds(stall.periodMilliseconds * (Double(period) + 0.5))
            try await Task.sleep(until: end - .milliseconds(stall.stallMilliseconds))
            process.signal(SIGSTOP)
            let stopped = ContinuousClock.now
            try await Task.sleep(until: end)
            process.signal(SIGCONT)
            stops.append(stopped.duration(to: .now) / .milliseconds(1))
        }
        return stops
    }
}
