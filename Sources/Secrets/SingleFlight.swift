import Synchronization

/// Work of which one run at a time is enough: whoever asks meanwhile waits for its result.
final class SingleFlight<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, SourceFault>

    private let running = Mutex<Task<Outcome, Never>?>(nil)

    /// The result of the run under way, or of one that begins.
    ///
    /// The run is a task of its own: whoever is cancelled while waiting takes nothing from the others.
    func run(_ work: @escaping @Sendable () async -> Outcome) async -> Outcome {
        let task = running.withLock { running in
            if let running { return running }
            let task = Task {
                let outcome = await work()
                self.running.withLock { $0 = nil }
                return outcome
            }
            running = task
            return task
        }
        return await task.value
    }
}

extension Result where Failure == SourceFault {
    /// What came of some work.
    static func of(_ work: () async throws(SourceFault) -> Success) async -> Self {
        do throws(SourceFault) { return .success(try await work()) } catch { return .failure(error) }
    }
}
