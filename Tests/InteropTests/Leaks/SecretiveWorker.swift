import IntentProtocol
import IntentusWorker
import Logging
import RedisFixtures
import ServiceLifecycle
import Synchronization

/// A worker that asks for a secret and is clumsy with it, in every way short of writing `reveal()`.
struct SecretiveWorker: Sendable {
    private struct Clumsy: Error {
        let key: Secret
    }

    private let group: ServiceGroup
    private let running: Task<Void, any Error>
    private let lines: LogText

    static func start(port: Int, vault: OpenBao, token: String) async throws -> SecretiveWorker {
        var configuration = WorkerConfiguration(name: "secretive", instanceId: "one")
        configuration.port = port
        configuration.secrets.references = [
            "external-api-key": "secret://vault/secret/worker#api-key", "gone": "secret://vault/secret/none#key",
        ]
        configuration.secrets.variables = ["VAULT_ADDR": vault.url, "VAULT_TOKEN": token]
        let lines = LogText()
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let worker = IntentusWorker(configuration, logger: lines.logger) { bound.yield($0) }
        worker.onRaw("TellIntent", version: "1.0") { _, context in
            let key = try await context.secrets["external-api-key"]
            context.logger.notice(
                "the key is \(key)", metadata: ["key": "\(key)", "dumped": "\(String(reflecting: key))"])
            var dumped = ""
            dump(key, to: &dumped)
            return .success(["key": .string("\(key)"), "dumped": .string(dumped)])
        }
        worker.onRaw("StumbleIntent", version: "1.0") { _, context in
            throw Clumsy(key: try await context.secrets["external-api-key"])
        }
        worker.onRaw("MissIntent", version: "1.0") { _, context in
            .success(["key": .string("\(try await context.secrets["gone"])")])
        }
        let group = ServiceGroup(services: [worker], logger: lines.logger)
        let running = Task {
            defer { bound.finish() }
            try await group.run()
        }
        guard await ports.first(where: { _ in true }) != nil else {
            try await running.value
            throw ChildProcess.Failure(description: "the worker ended at once")
        }
        return SecretiveWorker(group: group, running: running, lines: lines)
    }

    /// All that it logged.
    var log: String { lines.text }

    func stop() async {
        await group.triggerGracefulShutdown()
        _ = await running.result
    }
}

/// Collects whatever is logged, at every level.
private final class LogText: Sendable {
    private let collected = Mutex("")

    var text: String { collected.withLock { $0 } }
    var logger: Logger { Logger(label: "worker") { _ in Handler(target: self) } }

    private struct Handler: LogHandler {
        let target: LogText
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:])\n"
            target.collected.withLock { $0 += line }
        }
    }
}
