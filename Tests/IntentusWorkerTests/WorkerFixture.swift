import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import IntentusWorker

/// Collects the messages of a logger.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var logger: Logger { Logger(label: "worker") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"].map { " (\($0))" } ?? ""
            lines.lines.withLock { $0.append("\(event.message)\(reason)") }
        }
    }
}

/// A running worker in a service group, with a way to ask it over a socket.
struct RunningWorker: Sendable {
    let port: Int
    let group: ServiceGroup
    let running: Task<Void, any Error>
    let log: LogLines

    /// Runs a worker while the body runs, and ends it gracefully behind it.
    static func with(
        _ configuration: WorkerConfiguration, _ prepare: (IntentusWorker) -> Void,
        _ body: (RunningWorker) async throws -> Void
    ) async throws {
        let log = LogLines()
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let worker = IntentusWorker(configuration, logger: log.logger) { bound.yield($0) }
        prepare(worker)
        let group = ServiceGroup(services: [worker], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        let running = Task {
            defer { bound.finish() }
            try await group.run()
        }
        guard let port = await ports.first(where: { _ in true }) else { return try await running.value }
        let this = RunningWorker(port: port, group: group, running: running, log: log)
        do { try await body(this) } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
        // An end that was asked for is no trouble of anybody.
        #expect(!log.all.contains { $0.contains("CancellationError") }, "\(log.all)")
    }

    /// Begins the graceful end.
    func stop() async {
        await group.triggerGracefulShutdown()
    }

    func post(
        _ body: [UInt8], path: String = "/execute-agent", headers: [(String, String)] = []
    ) async throws -> SocketExchange.Answer {
        try await SocketExchange.send("POST", path, to: port, headers, body)
    }

    func get(_ path: String) async throws -> SocketExchange.Answer {
        try await SocketExchange.send("GET", path, to: port, [], [])
    }
}
