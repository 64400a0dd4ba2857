import Synchronization

/// A world in one thread: jobs run in the order in which they became ready, and time moves only when nothing is ready.
///
/// Safe to mark as sendable without checks: everything runs on the thread that calls ``run(until:)``, and what others enqueue goes
/// through the lock.
package final class SimulatedTime: TaskExecutor, @unchecked Sendable {
    private struct Timer {
        let at: Int64
        let order: Int
        let continuation: UnsafeContinuation<Void, Never>

        func isBefore(_ other: Timer) -> Bool { (at, order) < (other.at, other.order) }
    }

    private struct State {
        var ready: [UnownedJob] = []
        /// A binary heap, the earliest first.
        var timers: [Timer] = []
        var now: Int64
        var order = 0

        mutating func insert(_ timer: Timer) {
            timers.append(timer)
            var place = timers.count - 1
            while place > 0, timers[place].isBefore(timers[(place - 1) / 2]) {
                timers.swapAt(place, (place - 1) / 2)
                place = (place - 1) / 2
            }
        }

        mutating func removeFirst() -> Timer {
            timers.swapAt(0, timers.count - 1)
            let first = timers.removeLast()
            var place = 0
            while true {
                var least = place
                for child in [place * 2 + 1, place * 2 + 2] where child < timers.count {
                    if timers[child].isBefore(timers[least]) { least = child }
                }
                guard least != place else { return first }
                timers.swapAt(place, least)
                place = least
            }
        }
    }

    private let state: Mutex<State>

    /// Makes a world whose clock stands at that many nanoseconds.
    package init(nowNanoseconds: Int64 = 1_000_000_000_000) {
        state = Mutex(State(now: nowNanoseconds))
    }

    /// The simulated monotonic time.
    package var nowNanoseconds: Int64 { state.withLock { $0.now } }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Starts a task in this world.
    package func spawn(_ work: @escaping @Sendable () async -> Void) {
        Task(executorPreference: self) { await work() }
    }

    /// The same as a lease book asks for it.
    @Sendable package func spawned(_ work: @escaping @Sendable () async -> Void) -> Bool {
        spawn(work)
        return true
    }

    /// Returns when that much time has passed.
    package func sleep(_ nanoseconds: Int64) async {
        await withUnsafeContinuation { continuation in
            state.withLock { state in
                state.order += 1
                state.insert(
                    Timer(at: state.now + max(nanoseconds, 0), order: state.order, continuation: continuation))
            }
        }
    }

    /// Runs everything that happens until then.
    package func run(until end: Int64) {
        while true {
            let ready = state.withLock { state in
                defer { state.ready = [] }
                return state.ready
            }
            guard ready.isEmpty else {
                for job in ready { job.runSynchronously(on: asUnownedTaskExecutor()) }
                continue
            }
            let due = state.withLock { state -> UnsafeContinuation<Void, Never>? in
                guard let first = state.timers.first, first.at <= end else {
                    state.now = end
                    return nil
                }
                let timer = state.removeFirst()
                state.now = max(state.now, timer.at)
                return timer.continuation
            }
            guard let due else { return }
            due.resume()
        }
    }
}
