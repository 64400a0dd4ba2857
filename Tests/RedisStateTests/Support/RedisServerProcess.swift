import Foundation

@testable import RedisState

/// A real redis-server on a free port of this machine, ended by its process id.
final class RedisServerProcess: Sendable {
    let port: UInt16
    private let process: ProcessBox

    private struct ProcessBox: @unchecked Sendable {
        // Used by one thread at a time: started in `init`, ended in `deinit` or by the test that stops it.
        let process: Process
    }

    static let path = "/usr/bin/redis-server"
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    init(port: UInt16? = nil, arguments: [String] = []) throws {
        self.port = try port ?? SocketRedis.freePort()
        let process = Process()
        process.executableURL = URL(filePath: Self.path)
        process.arguments =
            [
                "--port", "\(self.port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize",
                "no",
                "--dir", FileManager.default.temporaryDirectory.path,
            ] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = ProcessBox(process: process)
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            if let redis = try? SocketRedis(port: self.port), (try? redis.roundTrip(["PING"])) == .status("PONG") {
                return
            }
            usleep(5_000)
        }
        throw SocketRedis.Failure("redis-server does not answer on port \(self.port)")
    }

    deinit { end() }

    /// Ends it at once, as a crash does.
    func end() {
        guard process.process.isRunning else { return }
        kill(process.process.processIdentifier, SIGKILL)
        process.process.waitUntilExit()
    }

    func freeze() { kill(process.process.processIdentifier, SIGSTOP) }
    func thaw() { kill(process.process.processIdentifier, SIGCONT) }
}
