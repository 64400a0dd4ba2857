import Synchronization

/// A sleep that another task can end; a ring while nobody sleeps ends the next one at once.
final class Alarm: Sendable {
    private struct State {
        var sleeper: Task<Void, Never>?
        var hasRung = false
    }

    private let state = Mutex(State())

    func ring() {
        let sleeper = state.withLock { state in
            state.hasRung = true
            return state.sleeper
        }
        sleeper?.cancel()
    }

    /// Sleeps that long, until a ring, or until its task is cancelled.
    func sleep(nanoseconds: Int64, _ around: StoreSurroundings) async {
        let sleeper = state.withLock { state -> Task<Void, Never>? in
            guard !state.hasRung else { return nil }
            let sleeper = Task { await around.sleep(nanoseconds) }
            state.sleeper = sleeper
            return sleeper
        }
        if let sleeper {
            await withTaskCancellationHandler {
                await sleeper.value
            } onCancel: {
                sleeper.cancel()
            }
        }
        state.withLock { state in
            state.sleeper = nil
            state.hasRung = false
        }
    }
}
