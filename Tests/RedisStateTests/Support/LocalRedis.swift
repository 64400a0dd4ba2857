import Foundation
import NIOCore
import NIOPosix
import RedisState
import Synchronization

/// A redis-server of a test, on a free port, ended by its process id.
final class LocalRedis: @unchecked Sendable {
    let port: Int
    private let arguments: [String]
    private var process: Process

    init(_ arguments: [String] = []) throws {
        port = try Self.freePort()
        self.arguments = arguments
        process = Process()
        try launch()
    }

    deinit { stop() }

    var address: RedisAddress { RedisAddress(host: "127.0.0.1", port: port) }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func restart() throws {
        stop()
        process = Process()
        try launch()
    }

    func freeze() { kill(process.processIdentifier, SIGSTOP) }
    func thaw() { kill(process.processIdentifier, SIGCONT) }

    private func launch() throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
        process.arguments =
            ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]
            + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline {
            if Self.accepts(port) { return }
            usleep(5_000)
        }
        throw CocoaError(.executableLoad)
    }

    private static func withSocket<R>(_ port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws -> R)
        rethrows -> R
    {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(fd) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func accepts(_ port: Int) -> Bool {
        withSocket(port) { connect($0, $1, $2) == 0 }
    }

    private static func freePort() throws -> Int {
        try withSocket(0) { fd, address, length in
            guard bind(fd, address, length) == 0 else { throw CocoaError(.fileReadUnknown) }
            var bound = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafeMutablePointer(to: &bound) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &size) }
            }
            return Int(UInt16(bigEndian: bound.sin_port))
        }
    }
}

/// A client on a loop of its own, and what it told.
final class TestClient: Sendable {
    let client: RedisClient
    let counters = RedisCounters()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let events = Mutex<[RedisEvent]>([])

    init(_ settings: RedisSettings) {
        let told = Told()
        client = RedisClient(
            eventLoop: group.next(), settings: settings, counters: counters, onEvent: { told.add($0) })
        self.told = told
    }

    private let told: Told
    var seen: [RedisEvent] { told.all }

    func close() async {
        await client.close()
        try? await group.shutdownGracefully()
    }

    final class Told: Sendable {
        private let events = Mutex<[RedisEvent]>([])
        func add(_ event: RedisEvent) { events.withLock { $0.append(event) } }
        var all: [RedisEvent] { events.withLock { $0 } }
    }
}

/// Asks again until the answer is yes.
func eventually(within seconds: Double = 10, _ condition: () async -> Bool) async -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}
