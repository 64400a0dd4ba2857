import Secrets
import Synchronization

/// Clocks that stand until a test moves them.
final class ManualTime: Sendable {
    private struct State {
        var now: Int64 = 1_000_000_000_000
        var sleepers: [(until: Int64, continuation: CheckedContinuation<Void, Never>)] = []
        var slept: [Int64] = []
        var events: [SecretEvent] = []
        var unixSeconds: Int64 = 1_795_828_909
    }

    private let state = Mutex(State())

    /// What was waited for, in nanoseconds, in order.
    var slept: [Int64] { state.withLock { $0.slept } }
    var events: [SecretEvent] { state.withLock { $0.events } }
    var sleepersCount: Int { state.withLock { $0.sleepers.count } }
    var unixSeconds: Int64 { state.withLock { $0.unixSeconds } }

    /// Moves both clocks and wakes whoever waited for a time that has come.
    func advance(seconds: Int64) {
        let due = state.withLock { state in
            state.now += seconds * 1_000_000_000
            state.unixSeconds += seconds
            let now = state.now
            let due = state.sleepers.filter { $0.until <= now }
            state.sleepers.removeAll { $0.until <= now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// - Parameter waits: whether a sleep lasts until the clock is moved; otherwise it is noted and over at once.
    func surroundings(
        _ environment: [String: String] = [:], folder: String = "", waits: Bool = false
    ) -> SecretSurroundings {
        var around = SecretSurroundings(environment: environment, folder: folder) { event in
            self.state.withLock { $0.events.append(event) }
        }
        around.nowNanoseconds = { self.state.withLock { $0.now } }
        around.unixSeconds = { self.state.withLock { $0.unixSeconds } }
        around.jitter = { 0.5 }
        around.sleep = { nanoseconds in
            guard waits else { return self.state.withLock { $0.slept.append(nanoseconds) } }
            await withCheckedContinuation { continuation in
                self.state.withLock { state in
                    state.slept.append(nanoseconds)
                    state.sleepers.append((state.now + nanoseconds, continuation))
                }
            }
        }
        return around
    }
}
