import Foundation
import UnixSignals

/// Ends a run early on SIGINT or SIGTERM; a second one ends the process at once.
enum LoadSignals {
    /// Runs work that is cancelled by the first signal, and gives what it has done until then.
    static func interrupting<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) async throws -> R {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let task = Task { try await work() }
        let watch = Task {
            for await _ in signals {
                if task.isCancelled { exit(LoadCommand.interruptedCode) }
                task.cancel()
            }
        }
        defer { watch.cancel() }
        return try await task.value
    }
}
