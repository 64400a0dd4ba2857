import Foundation
import IntentProtocol
import IntentusClient
import IntentusWorker
import Logging
import RedisFixtures
import Synchronization

/// A worker of our SDK that does as a test says.
final class BehavingWorker: Sendable {
    enum Behaviour: Sendable {
        case answers
        case fails
        /// Answers after 1.3 s.
        case isSlow
    }

    let port: Int
    private let behaviour = Mutex(Behaviour.answers)
    private let seen = Mutex<[IntentTrace]>([])
    private let exported = Mutex<IntentTraces?>(nil)
    private let running = Mutex<Task<Void, any Error>?>(nil)

    init() throws { port = try FreePorts.next() }

    /// One that listens.
    static func started() throws -> BehavingWorker {
        let worker = try BehavingWorker()
        try worker.start()
        return worker
    }

    func become(_ behaviour: Behaviour) { self.behaviour.withLock { $0 = behaviour } }

    /// Where its spans go, from the next start on.
    func keep(_ traces: IntentTraces) { exported.withLock { $0 = traces } }

    /// What each call said of its trace.
    var traces: [IntentTrace] { seen.withLock { $0 } }

    /// Listens; blocks until it does.
    func start() throws {
        var configuration = WorkerConfiguration(name: "summarizer", instanceId: "a")
        configuration.port = port
        configuration.drainTimeoutMilliseconds = 0
        configuration.traces = exported.withLock { $0 }
        let listening = ManagedFlag()
        let worker = IntentusWorker(
            configuration, logger: Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() },
            onBound: { _ in listening.raise() })
        worker.onRaw("SummarizeIntent") { [self] _, context in
            if let trace = context.trace { seen.withLock { $0.append(trace) } }
            switch behaviour.withLock({ $0 }) {
            case .answers: break
            case .fails: throw IntentError(.internalAgentError, "as told")
            case .isSlow: try await Task.sleep(for: .milliseconds(1_300))
            }
            return AgentResponse.success(["ok": true])
        }
        running.withLock { $0 = Task { try await worker.run() } }
        try Deadline.wait(for: "the worker", milliseconds: Deadline.startMilliseconds) { listening.isRaised }
    }

    /// Ends it; blocks until its port is free.
    func stop() throws {
        running.withLock { $0.take() }?.cancel()
        try Deadline.wait(for: "the end of the worker", milliseconds: Deadline.startMilliseconds) {
            (try? PlainHTTP.get("/health", port: port)) == nil
        }
    }
}

/// Something that has happened.
final class ManagedFlag: Sendable {
    private let flag = Atomic(false)
    var isRaised: Bool { flag.load(ordering: .acquiring) }
    func raise() { flag.store(true, ordering: .releasing) }
}
