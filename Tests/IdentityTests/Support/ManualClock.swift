import Synchronization

/// A clock that stands until a test moves it; sleepers wake when their time has come or their task is cancelled.
final class ManualClock: Sendable {
    private struct Sleeper {
        let until: Int64
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Int64 = 0
        var sleepers: [Int: Sleeper] = [:]
        var next = 0
        var cancelled: Set<Int> = []
        var waitingForSleepers: [(until: Int64, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var now: Int64 { state.withLock { $0.now } }

    func sleep(_ nanoseconds: Int64) async {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isOver, watchers) = state.withLock { state in
                    let (until, isBeyond) = state.now.addingReportingOverflow(nanoseconds)
                    let isOver = nanoseconds <= 0 || state.cancelled.remove(id) != nil
                    let end = isBeyond ? Int64.max : until
                    if !isOver { state.sleepers[id] = Sleeper(until: end, continuation: continuation) }
                    let watchers = isOver ? [] : state.waitingForSleepers.filter { $0.until == end }
                    if !isOver { state.waitingForSleepers.removeAll { $0.until == end } }
                    return (isOver, watchers)
                }
                if isOver { continuation.resume() }
                for watcher in watchers { watcher.continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume()
        }
    }

    /// Returns when something sleeps until exactly that time.
    func somethingSleeps(until: Int64) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                let isThere = state.sleepers.values.contains { $0.until == until }
                if !isThere { state.waitingForSleepers.append((until, continuation)) }
                return isThere
            }
            if isThere { continuation.resume() }
        }
    }

    /// Moves the time and wakes whose time has come.
    func move(to time: Int64) {
        let woken = state.withLock { state in
            state.now = time
            let woken = state.sleepers.filter { $0.value.until <= time }
            for id in woken.keys { state.sleepers[id] = nil }
            return woken
        }
        for sleeper in woken.values { sleeper.continuation.resume() }
    }
}
