import Synchronization

/// Tasks that nobody waits for, until whatever they use ends: then they are cancelled and waited for.
package final class BackgroundTasks: Sendable {
    private struct State {
        var running: [UInt64: Task<Void, Never>] = [:]
        var next: UInt64 = 0
        var isEnded = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs work beside everything else; after ``end()`` it is not begun at all.
    ///
    /// - Returns: the task, nil when it was not begun.
    @discardableResult
    package func run(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never>? {
        state.withLock { state in
            guard !state.isEnded else { return nil }
            let ticket = state.next
            state.next += 1
            let task = Task {
                await work()
                // The lock is still held while the task is begun, so that this comes after the entry.
                _ = self.state.withLock { $0.running.removeValue(forKey: ticket) }
            }
            state.running[ticket] = task
            return task
        }
    }

    /// Cancels all that runs, and returns when nothing runs any more.
    package func end() async {
        let running = state.withLock { state in
            state.isEnded = true
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
