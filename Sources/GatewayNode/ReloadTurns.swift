import Documents
import Synchronization

/// Lets one reload run at a time; all that are asked for meanwhile are one more, after it.
///
/// A signal and a watched file often tell of the same change. The one more is needed, because the running reload may have
/// read its files before that change.
final class ReloadTurns: Sendable {
    private struct State {
        var running: Task<[Diagnostic], Never>?
        var waiting: Task<[Diagnostic], Never>?
    }

    private let state = Mutex(State())

    /// Runs the work, or waits for a run of it that begins after this call.
    func take(_ work: @escaping @Sendable () async -> [Diagnostic]) async -> [Diagnostic] {
        await turn(work).value
    }

    /// The run that answers a call made now: one that has not begun.
    func turn(_ work: @escaping @Sendable () async -> [Diagnostic]) -> Task<[Diagnostic], Never> {
        state.withLock { state in
            if let waiting = state.waiting { return waiting }
            guard let running = state.running else {
                let turn = Task { await self.run(work) }
                state.running = turn
                return turn
            }
            let turn = Task {
                _ = await running.value
                self.state.withLock { state in
                    state.running = state.waiting
                    state.waiting = nil
                }
                return await self.run(work)
            }
            state.waiting = turn
            return turn
        }
    }

    /// Waits until nothing runs and nothing waits to run.
    func finish() async {
        while let last = state.withLock({ $0.waiting ?? $0.running }) { _ = await last.value }
    }

    private func run(_ work: @Sendable () async -> [Diagnostic]) async -> [Diagnostic] {
        let findings = await work()
        state.withLock { $0.running = nil }
        return findings
    }
}
